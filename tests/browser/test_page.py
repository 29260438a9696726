import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

WIDE, NARROW = 1280, 390


def opened(browser: Chrome, page: str, width: int, scheme: str = "light") -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": [feature]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == NARROW}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page)


@pytest.mark.parametrize("file", ["index.html", "quality.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_page_breaks_no_rule_of_accessibility(
    browser: Chrome, page: str, axe: str, width: int, scheme: str, file: str
) -> None:
    opened(browser, page.replace("index.html", file), width, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_of_the_page_lies_beside_the_screen(browser: Chrome, page: str, width: int) -> None:
    opened(browser, page, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_band_stays_in_sight_on_a_wide_screen(browser: Chrome, page: str) -> None:
    opened(browser, page, WIDE)
    browser.execute_script("window.scrollTo(0, 2500)")
    top = browser.execute_script("return document.querySelector('.band').getBoundingClientRect().top")
    assert top == 0


@pytest.mark.parametrize(("width", "shown", "gone"), [(WIDE, "wide", "narrow"), (NARROW, "narrow", "wide")])
def test_each_screen_has_its_own_charts(browser: Chrome, page: str, width: int, shown: str, gone: str) -> None:
    opened(browser, page, width)
    assert all(one.is_displayed() for one in browser.find_elements(By.CSS_SELECTOR, f"svg.{shown}"))
    assert not any(one.is_displayed() for one in browser.find_elements(By.CSS_SELECTOR, f"svg.{gone}"))


def test_every_figure_is_there_without_scripts(browser: Chrome, page: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, page, WIDE)
        assert len(browser.find_elements(By.CSS_SELECTOR, "svg.chart")) >= 8
        assert len(browser.find_elements(By.CSS_SELECTOR, "table")) >= 8
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_table_opens_with_the_keyboard(browser: Chrome, page: str) -> None:
    opened(browser, page, WIDE)
    summary = browser.find_element(By.CSS_SELECTOR, "#border summary")
    summary.send_keys(Keys.ENTER)
    assert browser.find_element(By.CSS_SELECTOR, "#border details table").is_displayed()


def test_dark_is_dark_and_print_is_light(browser: Chrome, page: str) -> None:
    opened(browser, page, WIDE, "dark")
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert browser.execute_script(ground) == "rgb(18, 24, 30)"
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
    assert browser.execute_script(ground) == "rgb(255, 255, 255)"
