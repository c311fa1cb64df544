from posts.models.attachment import Attachment
from posts.models.category import Category
from posts.models.comment import Comment
from posts.models.imported_file import ImportedFile
from posts.models.mention import Mention
from posts.models.post import Post
from posts.models.reference import Reference
from posts.models.revision import Revision
from posts.models.saved_search import RecentSearch, SavedSearch
from posts.models.search import PostSearch
from posts.models.sharing import Sharing
from posts.models.star import Star
from posts.models.tag import Tag
from posts.models.unfurl import Unfurl
from posts.models.watch import PlaceWatch, Watch

__all__ = [
    "Attachment",
    "Category",
    "Comment",
    "ImportedFile",
    "Mention",
    "PlaceWatch",
    "Post",
    "PostSearch",
    "RecentSearch",
    "Reference",
    "Revision",
    "SavedSearch",
    "Sharing",
    "Star",
    "Tag",
    "Unfurl",
    "Watch",
]
