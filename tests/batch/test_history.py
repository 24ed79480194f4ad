"""What a journal tells after it was damaged, and what it lets a resumed run replace."""

import json
from pathlib import Path

import pytest

from vaeedit.batch.history import History, read_history
from vaeedit.batch.jobs import Job
from vaeedit.batch.journal import NAME, Journal, Record
from vaeedit.batch.lines import decoded, digest, encoded, with_sum, without_sum
from vaeedit.errors import UsageError
from vaeedit.image.atomic import this_process


@pytest.fixture
def journal(tmp_path):
    """A journal of three outputs o1, o2, o3 that hold their names; gives its path."""
    with Journal(tmp_path / NAME) as found:
        for number in (1, 2, 3):
            name = f"o{number}"
            (tmp_path / name).write_bytes(name.encode())
            record = {"input": f"i{number}", "output": str(tmp_path / name), "written": digest(name.encode())}
            found.append(Record(**record, status="done"))
    return tmp_path / NAME


def known(journal: Path) -> list[str]:
    return sorted(Path(output).name for output in read_history(journal).last)


def change(journal: Path, edit) -> None:
    """Change the list of the lines, ends included."""
    lines = journal.read_bytes().splitlines(keepends=True)
    edit(lines)
    journal.write_bytes(b"".join(lines))


def test_a_line_with_a_byte_that_is_no_text_is_named_and_the_others_are_read(journal):
    change(journal, lambda lines: lines.__setitem__(2, lines[2].replace(b"done", b"do\xffe")))
    assert known(journal) == ["o1", "o3"]
    assert read_history(journal).damaged == [3]


@pytest.mark.parametrize("line", [0, 1, 2, 3])
def test_any_changed_bit_is_seen(journal, line):
    """Of a line it is seen that it is damaged; where a line break is changed, of two."""
    data = journal.read_bytes()
    start = sum(map(len, data.splitlines(keepends=True)[:line]))
    end = start + len(data.splitlines(keepends=True)[line])
    for place in [*range(start, end - 60, 7), *range(end - 60, end)]:
        for bit in range(8):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            journal.write_bytes(broken)
            assert line + 1 in read_history(journal).damaged, (place, bit, bytes(broken[start:end]))


def test_lines_out_of_place_are_named_but_read(journal):
    head, *records = journal.read_bytes().splitlines(keepends=True)
    for lines, damaged in (
        ([*records, head], [1, 2, 3]),
        (records, [1, 2, 3]),
        ([head, records[0], head, *records[1:]], [3]),
        ([head, records[2], records[0], records[1], records[1]], []),
    ):
        journal.write_bytes(b"".join(lines))
        assert (known(journal), read_history(journal).damaged) == (["o1", "o2", "o3"], damaged)


def test_foreign_lines_are_named(journal):
    foreign = [
        b"[1]\n",
        b"{}\n",
        b'{"input":"a","output":"b","status":"done"}\n',
        b"[" * 5000 + b"\n",
        b"hello\n",
    ]
    change(journal, lambda lines: lines.__setitem__(slice(2, 2), foreign))
    assert known(journal) == ["o1", "o2", "o3"]
    assert read_history(journal).damaged == [3, 4, 5, 6, 7]


def test_a_line_that_a_kill_cut_short_is_no_damage(journal):
    data = journal.read_bytes()
    journal.write_bytes(data[:-40])
    assert (known(journal), read_history(journal).damaged) == (["o1", "o2"], [])
    with Journal(journal, resumes=True):
        pass
    assert (known(journal), read_history(journal).damaged) == (["o1", "o2"], [])
    for length in range(1, len(data) - len(b"".join(data.splitlines(keepends=True)[:3]))):
        journal.write_bytes(data[:-length])
        assert read_history(journal).damaged == [], data[:-length]
    journal.write_bytes(data[:-40] + b"\n" + data.splitlines(keepends=True)[1])
    assert read_history(journal).damaged == [4]


def test_an_empty_journal_knows_nothing_and_another_file_is_refused(tmp_path):
    (tmp_path / "empty").touch()
    assert read_history(tmp_path / "empty") == History()
    for text in (b"notes\n", b"\xff\xfe\x00", b'{"a": 1}\n'):
        (tmp_path / "other").write_bytes(text)
        with pytest.raises(UsageError, match="is no journal"):
            read_history(tmp_path / "other")
        with pytest.raises(UsageError, match="is no journal"), Journal(tmp_path / "other"):
            pass
        assert (tmp_path / "other").read_bytes() == text


def test_only_what_was_written_for_the_same_input_may_be_replaced(journal, tmp_path):
    history = read_history(journal)
    target = tmp_path / "o1"
    assert history.wrote(Job(Path("i1"), target), target)
    assert not history.wrote(Job(Path("i2"), target), target)
    assert not history.wrote(Job(Path("i1"), target), tmp_path / "o2")
    target.write_bytes(b"retouched")
    assert not history.wrote(Job(Path("i1"), target), target)
    target.unlink()
    target.mkdir()
    assert not history.wrote(Job(Path("i1"), target), target)


def test_older_bytes_of_an_output_are_known_too(journal, tmp_path):
    """A run that was killed between its line and the rename leaves the bytes of the run before."""
    target = tmp_path / "o1"
    with Journal(journal, resumes=True) as found:
        found.append(Record(input="i1", output=str(target), status="done", written=digest(b"newer")))
    assert read_history(journal).wrote(Job(Path("i1"), target), target)


def test_in_place_what_a_run_has_written_is_finished_until_another_run_begins(tmp_path):
    picture = tmp_path / "a.png"
    job = Job(picture, picture, in_place=True)
    record = Record(input=str(picture), output=str(picture), status="done", written=digest(b"edited"))
    for resumes, finished in ((True, record), (False, None)):
        picture.write_bytes(b"edited")
        (tmp_path / NAME).unlink(missing_ok=True)
        with Journal(tmp_path / NAME) as journal:
            journal.append(record)
        with Journal(tmp_path / NAME, resumes=resumes):
            pass
        history = read_history(tmp_path / NAME)
        assert history.finished(None, job) == finished
        picture.write_bytes(b"another")
        assert history.finished(None, job) is None


def test_the_processes_of_earlier_runs_are_known(journal):
    assert read_history(journal).processes == {this_process()}


@pytest.mark.parametrize(
    "name", ["plain.png", "фото.png", "caf\udce9.png", 'a"},"sum":"\\.png', "\udcff\udcfe"]
)
def test_any_name_survives_the_journal(tmp_path, name):
    with Journal(tmp_path / NAME) as journal:
        journal.append(Record(input=name, output=f"out/{name}", status="done", error=f"{name} is odd"))
    (found,) = read_history(tmp_path / NAME).last.values()
    assert (found.input, found.output, found.error) == (name, f"out/{name}", f"{name} is odd")
    (tmp_path / NAME).read_bytes().decode("utf-8")
    assert json.loads((tmp_path / NAME).read_bytes().splitlines()[1])["input"] == name


def test_json_of_a_name_that_is_not_utf8_is_plain_json():
    assert encoded({"a": "caf\udce9"}) == b'{"a":"caf\\udce9"}'
    assert decoded(encoded({"a": "caf\udce9"}), dict) == {"a": "caf\udce9"}
    assert without_sum(with_sum({"a": "caf\udce9"})) == b'{"a":"caf\\udce9"}'


@pytest.mark.parametrize("existed", [False, True])
def test_an_interrupt_while_a_journal_begins_leaves_a_new_one_nowhere_and_an_old_one_whole(
    tmp_path, monkeypatch, existed
):
    path = tmp_path / "new" / NAME
    if existed:
        with Journal(path) as journal:
            journal.append(Record(input="i", output="o", status="done"))

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("vaeedit.batch.journal.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt), Journal(path):
        pass
    assert path.exists() == existed
    assert not existed or known(path) == ["o"]
