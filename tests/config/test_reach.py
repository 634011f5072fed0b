import pytest

from config.reach import is_public


@pytest.mark.parametrize(
    "url",
    [
        "https://darkroom.example.org",
        "https://darkroom.example.org:8443/",
        "http://93.184.216.34:8000",
        "https://[2606:4700::1111]",
        "https://local.example.org",
    ],
)
def test_an_address_of_the_internet_is_reached(url: str) -> None:
    assert is_public(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://192.168.1.20:8000",
        "http://10.0.0.7",
        "http://172.16.3.4",
        "http://100.64.0.9",
        "http://[::1]:8000",
        "http://[fd00::7]",
        "http://darkroom",
        "http://darkroom.lan",
        "http://darkroom.local.",
        "http://darkroom.internal",
        "http://darkroom.home.arpa",
        "http://Darkroom.Localhost",
        "",
    ],
)
def test_an_address_at_home_is_not_reached_from_the_world(url: str) -> None:
    assert not is_public(url)
