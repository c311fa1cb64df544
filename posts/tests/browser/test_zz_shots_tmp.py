from posts.tests.browser.test_search import desk, rows
def test_shots(desk):
    desk.set_viewport_size({"width":1280,"height":850})
    desk.screenshot(path="/tmp/search-eng/a.png")
    desk.get_by_role("searchbox", name="Search posts").fill("会議")
    desk.keyboard.press("Enter"); desk.wait_for_timeout(600)
    desk.screenshot(path="/tmp/search-eng/b.png")
    desk.get_by_role("link", name="Save this search").click()
    desk.wait_for_timeout(400); desk.screenshot(path="/tmp/search-eng/c.png"); desk.keyboard.press("Escape")
    desk.keyboard.press("Control+k"); desk.wait_for_timeout(700); desk.screenshot(path="/tmp/search-eng/d.png"); desk.keyboard.press("Escape")
    desk.get_by_role("searchbox", name="Search posts").fill("定令会議 (stars:x"); desk.wait_for_timeout(900); desk.screenshot(path="/tmp/search-eng/e.png")
    desk.get_by_role("link", name="Search help").click(); desk.wait_for_timeout(500); desk.screenshot(path="/tmp/search-eng/f.png"); desk.keyboard.press("Escape")
    desk.get_by_role("searchbox", name="Search posts").fill("会議"); desk.keyboard.press("Enter")
    desk.set_viewport_size({"width":390,"height":800}); desk.emulate_media(color_scheme="dark"); desk.wait_for_timeout(700); desk.screenshot(path="/tmp/search-eng/g.png")
    from posts.models import SavedSearch; 
