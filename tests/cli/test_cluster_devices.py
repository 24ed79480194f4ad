"""A device that the workers of a cluster do not have is a sentence: nothing waits for a worker that has it."""

import pytest

distributed = pytest.importorskip("distributed")

DEVICE = "cuda:99"
"""No machine has it."""


@pytest.fixture
def cluster():
    """Start a cluster of one worker, and give the address of its scheduler."""
    made = []

    def start(**resources):
        made.append(
            distributed.LocalCluster(
                n_workers=1,
                threads_per_worker=1,
                processes=False,
                protocol="tcp://",
                dashboard_address=None,
                resources=resources,
            )
        )
        return made[-1].scheduler_address

    yield start
    for one in made:
        one.close()


def ran(run_vaeedit, photo, folder, *arguments):
    for name in ("a.png", "b.png"):
        photo(folder / name, size=(16, 16))
    done = run_vaeedit(
        *("denoise", "a.png", "b.png", "-o", "out/", "--engine", "dask", "--device", DEVICE),
        *arguments,
        cwd=folder,
    )
    assert not (folder / "out" / "a.png").exists()
    return done.returncode, done.stderr.decode()


def test_on_this_machine_alone(run_vaeedit, photo, tmp_path):
    pytest.importorskip("cryptography")
    code, said = ran(run_vaeedit, photo, tmp_path)
    assert code == 2
    assert f"The device '{DEVICE}' is not available" in said


def test_of_workers_that_declare_no_gpu(run_vaeedit, photo, tmp_path, cluster):
    code, said = ran(run_vaeedit, photo, tmp_path, "--scheduler", cluster())
    assert code == 2
    assert "No worker of the Dask cluster declares a GPU" in said


def test_of_workers_that_declare_one_and_lack_the_device(run_vaeedit, photo, tmp_path, cluster):
    code, said = ran(run_vaeedit, photo, tmp_path, "--scheduler", cluster(GPU=1))
    assert code == 2
    assert f"The device '{DEVICE}' is not available" in said
