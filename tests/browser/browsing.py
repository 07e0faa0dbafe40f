"""A headless Chromium, driven by selenium: what it shows, asks the network for, and complains of."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path
from typing import Any

from selenium import webdriver

__all__ = ["HOW", "SCHEMES", "WIDTHS", "Browser", "browser_paths"]

#: What to do where there is no browser.
HOW = (
    "make test-browser needs Chromium and its driver: on Debian and Ubuntu `apt-get install chromium chromium-driver`, "
    "elsewhere Chrome and the chromedriver of its version, on the PATH"
)

#: Of a phone and of a desk, in CSS pixels.
WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TALLEST = 8_000  # of a picture: Chromium draws none of twice that

_OPTIONS = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--force-color-profile=srgb",
)  # fmt: skip


def browser_paths() -> tuple[str, str] | None:
    """Where the browser and its driver are; None if one of them is not there."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """A browser that looks at one file at a time."""

    def __init__(self, browser: str, driver: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for option in _OPTIONS:
            options.add_argument(option)
        if os.geteuid() == 0:  # Chromium does not run as root within its sandbox
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # With both paths given selenium looks for none, and downloads nothing.
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
        self.driver.set_script_timeout(120)

    def close(self) -> None:
        self.driver.quit()

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def look(self, width: int = 1440, scheme: str = "light", media: str = "screen") -> None:
        """How wide the window is, and what the reader's system asks for, from now on."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, page: Path, script: bool = True) -> None:
        """Load a page, after forgetting what was complained of before."""
        self.command("Emulation.setScriptExecutionDisabled", value=not script)
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(page.as_uri())

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to in the page, be the page's own scripts on or off."""
        found = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """Warnings and errors on the console since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened, the page's own among them."""
        entries = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [of["params"]["request"]["url"] for of in entries if of["method"] == "Network.requestWillBeSent"]

    def pictures(self, folder: Path, name: str) -> None:
        """Write all of the page as PNG, a long one in parts: name-1.png, ..."""
        height, width = self.value("document.documentElement.scrollHeight"), self.value("window.innerWidth")
        for number, top in enumerate(range(0, height, _TALLEST), 1):
            clip = {"x": 0, "y": top, "width": width, "height": min(_TALLEST, height - top), "scale": 1}
            found = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
            (folder / f"{name}-{number}.png").write_bytes(base64.b64decode(found["data"]))

    def printed(self) -> bytes:
        """The page as PDF on A4."""
        found = self.command("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        return base64.b64decode(found["data"])
