"""The one style sheet that browsers get."""

import re
from shutil import copytree

from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage

from esa import stylesheet
from esa.templatetags.esa import STATIC


def test_no_part_is_left_to_be_asked_for_and_each_stands_in_its_layer():
    source = (STATIC / stylesheet.NAME).read_text()
    text = stylesheet.joined(STATIC / stylesheet.NAME)
    assert "@import" not in text
    for name, layer in re.findall(r'@import url\("(.+)"\) layer\((.+)\);', source):
        assert f"@layer {layer} {{\n{(STATIC / 'css' / name).read_text()}}}" in text
    assert text.count("{") == text.count("}")


def test_every_value_that_is_asked_for_by_name_is_given_somewhere():
    """A misspelt one is silently nothing: a bar over the slides had no background."""
    text = stylesheet.joined(STATIC / stylesheet.NAME)
    scripts = "".join(each.read_text() for each in (STATIC / "js").rglob("*.js"))
    given = set(re.findall(r"(--[a-z0-9-]+)\s*:", text)) | set(re.findall(r'"(--[a-z0-9-]+)"', scripts))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", text + scripts)) <= given


def test_parts_keep_their_place_in_the_cascade(tmp_path):
    (tmp_path / "one.css").write_text("a { color: red; }\n")
    (tmp_path / "app.css").write_text('@layer base, late;\n@import url("one.css") layer(late);\nb {}\n')
    assert stylesheet.joined(tmp_path / "app.css") == "@layer base, late;\n@layer late {\na { color: red; }\n}\nb {}\n"


def test_what_is_collected_is_joined_and_named_for_all_of_it(tmp_path):
    """Where one part changes, the address changes: browsers keep it for ever."""

    def collect(color):
        (tmp_path / "css").mkdir(exist_ok=True)
        (tmp_path / "css" / "one.css").write_text(f"a {{ color: {color}; }}\n")
        (tmp_path / "css" / "app.css").write_text('@import url("one.css") layer(base);\n')
        copytree(tmp_path / "css", tmp_path / "collected" / "css", dirs_exist_ok=True)
        storage = stylesheet.Storage(location=tmp_path / "collected", base_url="/static/")
        paths = {stylesheet.NAME: (FileSystemStorage(tmp_path), stylesheet.NAME)}
        assert not [each for each in storage.post_process(paths) if isinstance(each[2], Exception)]
        return storage.stored_name(stylesheet.NAME), storage

    red, storage = collect("red")
    assert storage.open(red).read() == b"@layer base {\na { color: red; }\n}\n"
    blue, _storage = collect("blue")
    assert blue != red


def test_what_esbuild_has_named_by_its_content_has_one_copy_and_is_kept_for_ever(tmp_path, settings):
    files = {
        "bundles/katex.css": "@font-face { src: url(./assets/main-AB12.woff2); }",
        "bundles/katex.js": 'import "./chunks/chunk-AB12.js"',
        "bundles/chunks/chunk-AB12.js": "export {}",
        "bundles/assets/main-AB12.woff2": "font",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    storage = stylesheet.Storage(location=tmp_path, base_url="/static/")
    source = FileSystemStorage(tmp_path)
    done = list(storage.post_process({name: (source, name) for name in files}))
    assert not [each for each in done if isinstance(each[2], Exception)]

    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.suffix not in {".gz", ".br"}}
    entries = {storage.stored_name("bundles/katex.css"), storage.stored_name("bundles/katex.js")}
    assert {name for name in names if "." in name} == files.keys() | entries | {"staticfiles.json"}
    assert 'url("./assets/main-AB12.woff2")' in storage.open(storage.stored_name("bundles/katex.css")).read().decode()
    kept = {name for name in names if re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, f"/static/{name}")}
    assert kept == entries | {"bundles/chunks/chunk-AB12.js", "bundles/assets/main-AB12.woff2"}


def test_the_style_sheet_is_found_where_it_is_collected_from():
    assert finders.find(stylesheet.NAME) == str(STATIC / stylesheet.NAME)
