"""Start-up and overhead: how long `vaeedit` takes before and beside the network.

python benchmarks/start.py [RUNS]     (nothing else should be running)

Prints medians of: `vaeedit --help`; `import torch` in a bare interpreter; the network alone on 512x512; and
`vaeedit denoise` on a 512x512 JPEG as a whole command, with what it costs beyond the two before.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

SAMPLE = Path(__file__).parent.parent / "samples" / "images" / "box-iso1600.jpg"


def command_seconds(arguments: list[str], runs: int) -> float:
    """Median wall time of a command, after one warm-up."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run(arguments, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return median(times[1:])


def network_seconds(image: Path, runs: int) -> float:
    """Median of the bare network call (noise estimate, encode, decode) in the precision the command picks."""
    import torch

    from vaeedit.extension.registry import registry
    from vaeedit.image import read
    from vaeedit.run.session import resolve_precision
    from vaeedit.vae.files import find_vae, load_vae

    network = load_vae(find_vae("denoise", registry()), registry())[0].to(memory_format=torch.channels_last)
    x = (
        torch.from_numpy(read(image).floats())
        .permute(2, 0, 1)[None]
        .contiguous(memory_format=torch.channels_last)
    )
    dtype = resolve_precision("auto", torch.device("cpu"), 8)
    times = []
    with torch.inference_mode(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        for _ in range(runs + 1):
            started = time.perf_counter()
            network.decode(network.encode(x, {"sigma": network.estimate("sigma", x)}).mean())
            times.append(time.perf_counter() - started)
    return median(times[1:])


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    script = str(Path(sys.executable).with_name("vaeedit"))
    with tempfile.TemporaryDirectory() as folder:
        from PIL import Image

        image, output = Path(folder) / "in.jpg", Path(folder) / "out.jpg"
        Image.open(SAMPLE).crop((300, 200, 812, 712)).save(image, quality=95)
        help_time = command_seconds([script, "--help"], runs)
        torch_time = command_seconds([sys.executable, "-c", "import torch"], runs)
        whole = command_seconds(
            [script, "denoise", str(image), "-o", str(output), "--exists", "overwrite"], runs
        )
        network = network_seconds(image, runs)
    print(f"vaeedit --help                     {help_time * 1000:7.0f} ms")
    print(f"import torch                       {torch_time:7.2f} s")
    print(f"network alone, 512x512             {network:7.2f} s")
    print(f"vaeedit denoise, whole command     {whole:7.2f} s")
    print(f"beyond torch and the network       {whole - torch_time - network:7.2f} s")


if __name__ == "__main__":
    main()
