import pytest

from auricle.uploads.names import plain_file_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\plan.md", "plan.md"),
        ("a\x00b\u202e.txt", "ab.txt"),
        (".hidden.md", "hidden.md"),
        ("a\r\nSet-Cookie: x.md", "aSet-Cookie: x.md"),
        ("fdp%0D%0A.md", "fdp.md"),
        ("say %22ah%22.md", 'say "ah".md'),
        ("..", "file"),
        ("a/b/", "file"),
        ("ऑडियोग्राम.pdf", "ऑडियोग्राम.pdf"),
        ("", "file"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_file_name_is_only_its_plain_last_part(given, kept):
    assert plain_file_name(given) == kept
