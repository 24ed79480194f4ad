"""From what the user typed to which file goes where."""

from pathlib import Path

import pytest

from vaeedit.batch.jobs import Job, placed, settled, with_sides
from vaeedit.batch.sources import Search, find_sources
from vaeedit.errors import ImageError, UsageError
from vaeedit.image.atomic import make_folder


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with a.jpg, b.png and sub/{a.jpg, c.PNG, notes.txt}, as the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "b.png", "sub/a.jpg", "sub/c.PNG", "sub/notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def planned(*inputs, output=None, recursive=False, **settings):
    """The jobs as pairs of text."""
    looked = {name: settings.pop(name) for name in ("exists", "made") if name in settings}
    jobs = settled(placed(find_sources(inputs, recursive=recursive), output, "denoise", **settings), **looked)
    return [
        (str(job.source) if job.source else None, str(job.target) if job.target else None)
        for job in jobs
        if not job.skipped
    ]


def test_without_an_output_the_operation_is_put_into_the_name():
    assert planned("a.jpg", "sub/c.PNG") == [("a.jpg", "a.denoise.jpg"), ("sub/c.PNG", "sub/c.denoise.PNG")]


def test_one_input_goes_to_the_file_that_is_named():
    assert planned("a.jpg", output="new.png") == [("a.jpg", "new.png")]


@pytest.mark.parametrize("output", ["sub", "new/", "deep/er/"])
def test_one_input_goes_into_a_folder(output):
    name = "b.png"
    assert planned(name, output=output) == [(name, str(Path(output) / name))]


def test_several_inputs_go_into_a_folder():
    assert planned("a.jpg", "b.png", output="new") == [("a.jpg", "new/a.jpg"), ("b.png", "new/b.png")]


def test_the_pictures_of_a_folder_go_into_a_folder_in_order_without_what_is_no_picture():
    assert planned("sub", output="new") == [("sub/a.jpg", "new/a.jpg"), ("sub/c.PNG", "new/c.PNG")]


def test_in_place_every_target_is_its_source():
    assert planned("a.jpg", "sub", in_place=True) == [
        (name, name) for name in ("a.jpg", "sub/a.jpg", "sub/c.PNG")
    ]


def test_a_dash_is_a_stream():
    assert planned("-", output="new.png") == [(None, "new.png")]
    assert planned("a.jpg", output="-") == [("a.jpg", None)]
    assert planned("-", output="-") == [(None, None)]
    assert planned("-", output="sub") == [(None, "sub/stdin.png")]


def test_what_exists_is_refused_replaced_skipped_or_avoided(folder):
    (folder / "a.denoise.jpg").write_bytes(b"old")
    with pytest.raises(UsageError, match=r"a\.denoise\.jpg exists"):
        planned("a.jpg")
    assert planned("a.jpg", "b.png", exists="skip") == [("b.png", "b.denoise.png")]
    assert planned("a.jpg", exists="overwrite") == [("a.jpg", "a.denoise.jpg")]
    assert planned("a.jpg", exists="unique") == [("a.jpg", "a.denoise-1.jpg")]
    (folder / "a.denoise-1.jpg").write_bytes(b"old")
    assert planned("a.jpg", exists="unique") == [("a.jpg", "a.denoise-2.jpg")]


def test_a_unique_name_is_no_other_jobs_name(folder):
    (folder / "out").mkdir()
    (folder / "out/a.jpg").write_bytes(b"old")
    (folder / "a-1.jpg").write_bytes(b"x")
    targets = [target for _, target in planned("a.jpg", "a-1.jpg", output="out", exists="unique")]
    assert targets == ["out/a-2.jpg", "out/a-1.jpg"]
    targets = [target for _, target in planned("a-1.jpg", "a.jpg", output="out", exists="unique")]
    assert targets == ["out/a-1.jpg", "out/a-2.jpg"]


def test_an_output_that_is_an_input_is_seen_through_links(folder):
    (folder / "link.jpg").symlink_to(folder / "a.jpg")
    with pytest.raises(UsageError, match="is an input"):
        planned("a.jpg", output="link.jpg", exists="overwrite")
    with pytest.raises(UsageError, match="is an input"):
        planned("sub", output="sub", exists="overwrite")


def test_planning_writes_nothing(folder):
    before = sorted(folder.rglob("*"))
    planned("a.jpg", "b.png", output="new/folder")
    planned("sub", output="other/")
    assert sorted(folder.rglob("*")) == before


def test_a_missing_folder_is_the_files_fault_and_not_the_requests():
    with pytest.raises(ImageError, match="there is no folder no"):
        planned("a.jpg", output="no/a.jpg")


def test_a_folder_is_made_with_its_parents_or_the_error_says_why(folder):
    make_folder(folder / "x/y")
    make_folder(folder / "x/y")
    assert (folder / "x/y").is_dir()
    with pytest.raises(ImageError, match=r"a\.jpg/x cannot be made"):
        make_folder(folder / "a.jpg" / "x")


def sides(jobs, pictures, beside=(), **settings):
    return [
        {name: str(path) for name, path in job.sides.items()}
        for job in with_sides(jobs, pictures, beside, **settings)
    ]


ONE = Job(Path("a.jpg"), Path("new.jpg"), Path("a.jpg"))
TWO = Job(Path("sub/c.PNG"), Path("sub/new.png"), Path("c.PNG"))


def test_side_pictures_of_one_input_are_files_and_of_several_lie_in_a_folder(folder):
    assert sides([ONE], {"compare": "c.png", "doubt": "d.tif"}) == [{"compare": "c.png", "doubt": "d.tif"}]
    assert sides([ONE, TWO], {"compare": "new"}) == [
        {"compare": "new/a.compare.png"},
        {"compare": "new/c.compare.png"},
    ]
    assert sides([ONE], {"compare": "sub"}) == [{"compare": "sub/a.compare.png"}]
    assert sides([Job(None, Path("x.png"), Path("stdin.png"))], {"compare": "new/"}) == [
        {"compare": "new/stdin.compare.png"}
    ]


@pytest.mark.parametrize(
    ("jobs", "pictures"),
    [
        ([ONE], {"compare": "a.jpg"}),
        ([ONE], {"compare": "new.jpg"}),
        ([ONE], {"compare": "x.png", "doubt": "./x.png"}),
        ([ONE, Job(Path("sub/a.jpg"), Path("sub/new.jpg"), Path("a.jpg"))], {"compare": "new"}),
        ([Job(Path("a.jpg"), Path("z/c.compare.png"), Path("a.jpg")), TWO], {"compare": "z"}),
    ],
)
def test_no_side_picture_takes_the_place_of_another_file_of_the_run(jobs, pictures):
    with pytest.raises(UsageError, match=r"is an input|Both"):
        sides(jobs, pictures, overwrite=True)


def test_a_side_picture_that_exists_is_replaced_only_where_asked():
    with pytest.raises(UsageError, match=r"b\.png exists; use --exists overwrite"):
        sides([ONE], {"compare": "b.png"})
    assert sides([ONE], {"compare": "b.png"}, overwrite=True) == [{"compare": "b.png"}]


def test_folders_are_mirrored_and_so_are_side_pictures(folder):
    (folder / "sub/deep").mkdir()
    (folder / "sub/deep/a.jpg").write_bytes(b"x")
    assert planned("sub", output="new", recursive=True) == [
        ("sub/a.jpg", "new/a.jpg"),
        ("sub/c.PNG", "new/c.PNG"),
        ("sub/deep/a.jpg", "new/deep/a.jpg"),
    ]
    jobs = placed(find_sources(["sub"], recursive=True), "new", "denoise")
    assert sides(jobs, {"compare": "both"})[2] == {"compare": "both/deep/a.compare.png"}
    assert sides(jobs, {}, ["doubt"])[2] == {"doubt": "new/deep/a.doubt.png"}


def test_a_pattern_mirrors_what_lies_below_its_fixed_part(folder):
    (folder / "sub/deep").mkdir()
    (folder / "sub/deep/d.png").write_bytes(b"x")
    assert planned("sub/**/*.png", output="new") == [("sub/deep/d.png", "new/deep/d.png")]
    with pytest.raises(UsageError, match="No picture matches"):
        planned("sub/*.webp", output="new")


def test_a_list_names_files_and_one_that_is_missing_fails_alone(folder):
    (folder / "list.txt").write_text("a.jpg\n\nsub/c.PNG\nmissing.jpg\n")
    assert planned("@list.txt", output="new") == [
        ("a.jpg", "new/a.jpg"),
        ("sub/c.PNG", "new/c.PNG"),
        ("missing.jpg", "new/missing.jpg"),
    ]
    with pytest.raises(UsageError, match=r"none\.txt cannot be read"):
        planned("@none.txt", output="new")


def test_a_folder_that_leads_back_to_itself_is_entered_once(folder):
    (folder / "sub/again").symlink_to(folder / "sub")
    (folder / "sub/loop.png").symlink_to(folder / "sub/loop.png")
    found = find_sources(["sub"], recursive=True)
    assert [source.relative.as_posix() for source in found] == ["a.jpg", "c.PNG", "loop.png"]


def test_files_that_are_passed_over_are_counted(folder):
    for name in (
        "._a.jpg",
        ".thumb.png",
        "a b",
        "more.TXT",
        "vaeedit-journal.jsonl",
        ".vaeedit-journal.jsonl.lock",
    ):
        (folder / "sub" / name).write_bytes(b"x")
    search = Search(["sub"])
    assert len(search.sources()) == len(search.sources()) == 2
    assert ": 2 hidden, 2 .txt, 1 without an extension. To edit one, name it." in search.note
    search = Search(["sub/*"])
    assert len(search.sources()) == 2
    assert ": 2 .txt, 1 without an extension." in search.note
    assert Search(["a.jpg", "sub/more.TXT"]).note == ""
    (folder / "none").mkdir()
    for number in range(9):
        (folder / "none" / f"a.{number}").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"There is no picture in none\. Files .* 1 \.5, 3 others\."):
        Search(["none"]).sources()


@pytest.mark.parametrize(
    ("inputs", "template"),
    [(("x.nef", "x.tif"), "new/{name}{ext}"), (("a.jpg", "sub/a.jpg"), "new/{index}-{name}{ext}")],
)
def test_a_clash_of_outputs_says_how_to_name_them_apart(folder, inputs, template):
    for name in inputs:
        (folder / name).write_bytes(b"x")
    with pytest.raises(UsageError) as caught:
        planned(*inputs, output="new")
    assert f"-o '{template}' names them apart" in str(caught.value)
    assert len({target for _, target in planned(*inputs, output=template)}) == 2


def test_what_a_resumed_run_has_made_counts_as_missing(folder):
    (folder / "out").mkdir()
    for name in ("out/a.jpg", "out/b.png"):
        (folder / name).write_bytes(b"old")
    made = {"out/b.png"}
    for policy, target in (("skip", None), ("unique", "out/a-1.jpg"), ("overwrite", "out/a.jpg")):
        jobs = dict(
            planned("a.jpg", "b.png", output="out", exists=policy, made=lambda job, path: str(path) in made)
        )
        assert jobs["b.png"] == "out/b.png"
        assert jobs.get("a.jpg") == target
