import gzip

from django.test import Client

GZIP = {"Accept-Encoding": "gzip"}


def test_a_page_is_compressed_for_who_takes_it(db: None) -> None:
    packed = Client().get("/signin/", headers=GZIP)
    plain = Client().get("/signin/")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.content) < len(plain.content) / 3
    assert b"</html>" in gzip.decompress(packed.content)
    assert "Content-Encoding" not in plain.headers


def test_what_is_no_page_is_left_as_it_is(db: None) -> None:
    assert "Content-Encoding" not in Client().get("/v1/openapi.json", headers=GZIP).headers
