from tests.planergy.conftest import browser, open_page

__all__ = ["browser", "open_page"]
