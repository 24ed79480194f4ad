"""A model hub on this machine with one small VAE, in the protocol of huggingface_hub."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from world import World

COMMIT = "a" * 40
MAKE = """
from diffusers import AutoencoderKL
AutoencoderKL(block_out_channels=(16, 32), norm_num_groups=8, down_block_types=("DownEncoderBlock2D",) * 2,
              up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1).save_pretrained("hub")
"""


class Hub:
    """Serves the files in the folder `hub` of the world as the repository someone/painter."""

    def __init__(self, world: World) -> None:
        self.asked: list[str] = []
        world.path("make.py").write_text(MAKE)
        world("python make.py", shown=False)
        self.folder = world.path("hub")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        address = f"http://127.0.0.1:{self.server.server_port}"
        world.environment.update(HF_ENDPOINT=address, HF_HOME=str(world.path("cache")))

    def __enter__(self) -> "Hub":
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path: str) -> tuple[bytes | None, str]:
        """The content, None if there is none, and its kind."""
        self.asked.append(path)
        if "/tree/" in path:
            listed = [
                {"type": "file", "path": f.name, "size": f.stat().st_size, "oid": "0"}
                for f in self.folder.iterdir()
            ]
            return json.dumps(listed).encode(), "application/json"
        if path.startswith("/api/models/"):
            files = [{"rfilename": file.name} for file in sorted(self.folder.iterdir())]
            facts = {"id": "someone/painter", "sha": COMMIT, "siblings": files, "tags": [], "downloads": 0}
            return json.dumps(facts).encode(), "application/json"
        file = self.folder / Path(path.partition("?")[0]).name
        return (file.read_bytes() if file.is_file() else None), "application/octet-stream"


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self, body: bool = True) -> None:
            data, kind = hub.answer(self.path)
            self.send_response(200 if data is not None else 404)
            data = data or b""
            headers = {
                "Content-Type": kind,
                "Content-Length": str(len(data)),
                "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
                "X-Repo-Commit": COMMIT,
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def do_HEAD(self) -> None:
            self.do_GET(body=False)

        def log_message(self, *words: object) -> None:
            pass

    return Handler
