"""The URLs of contacts below /api/v1/."""

from django.urls import URLPattern, path

from contacts.api import books, contacts, directory, duplicates
from groupware.rest import paths

paths.register()

_BOOK = "address-books/<oid:book_id>"
_CONTACT = "contacts/<named:contact_id>"

urlpatterns: list[URLPattern] = [
    path("address-books", books.AddressBookList.as_view(), name="api-address-books"),
    path(_BOOK, books.AddressBookView.as_view(), name="api-address-book"),
    path(f"{_BOOK}/shares", books.AddressBookShares.as_view(), name="api-address-book-shares"),
    path(
        f"{_BOOK}/shares/<key:address_book_share_id>",
        books.AddressBookShare.as_view(),
        name="api-address-book-share",
    ),
    path("contacts", contacts.ContactList.as_view(), name="api-contacts"),
    path("contacts/duplicates", duplicates.DuplicatesView.as_view(), name="api-duplicates"),
    path("contacts/merge", duplicates.MergeView.as_view(), name="api-merge"),
    path(_CONTACT, contacts.ContactView.as_view(), name="api-contact"),
    path(f"{_CONTACT}/raw", contacts.ContactRawView.as_view(), name="api-contact-raw"),
    path(f"{_CONTACT}/photo", contacts.ContactPhotoView.as_view(), name="api-contact-photo"),
    path("directory", directory.DirectoryList.as_view(), name="api-directory"),
    path(
        "directory/<named:directory_entry_id>",
        directory.EntryView.as_view(),
        name="api-directory-entry",
    ),
    path(
        "directory/<named:directory_entry_id>/photo",
        directory.EntryPhotoView.as_view(),
        name="api-directory-photo",
    ),
]
