"""A file of the linear VAE, and images of three classes that differ in the brightness of rows."""

import pytest
from linear_vae import CONFIG, linear_vae, of_rows
from PIL import Image

from vaeedit.vae.files import VaeInfo, save_vae


@pytest.fixture(scope="session")
def linear(tmp_path_factory):
    """The file of a linear VAE for gray images of 6 x 3 pixels."""
    path = tmp_path_factory.mktemp("linear") / "linear.safetensors"
    save_vae(path, linear_vae(), VaeInfo(name="linear", architecture="plain", config=CONFIG))
    return str(path)


@pytest.fixture(scope="session")
def rows(tmp_path_factory):
    """A folder of five images of each of three classes; row 1 differs between them, row 2 within them, and row 0 nowhere."""
    folder = tmp_path_factory.mktemp("rows")
    for name, value in (("dark", 0.2), ("gray", 0.5), ("light", 0.8)):
        (folder / name).mkdir()
        for number in range(5):
            image = of_rows(0.5, value, 0.5 + 0.02 * number)
            Image.fromarray(image).save(folder / name / f"{number}.png")
    return str(folder)
