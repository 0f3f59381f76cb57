"""PROGRAM: found where the app's user would find it, or a clear word why it does not start."""

import os
import shutil
import sys

import pytest


@pytest.fixture(params=["1", "0"], ids=["supervised", "becoming the app"])
def supervise(request):
    return {"SHIM_SUPERVISE": request.param, "SHIM_LOG": "error"}


def refuses(done, exit_code, *words):
    done.refuses(*words, exit_code=exit_code)


def test_not_there(box, supervise):
    refuses(box.run("/nowhere", env=supervise), 127, "/nowhere", "not found")


@pytest.mark.parametrize("env", [{}, {"PATH": "/usr/bin:/bin"}, {"PATH": ""}], ids=str)
def test_not_in_path(box, supervise, env):
    done = box.run("nowhere", env=env | supervise)
    refuses(done, 127, "nowhere", "not found")
    assert any("PATH" in hint for hint in done.texts("hint"))


def test_not_in_the_working_directory(box, supervise):
    box.folder("/place")
    done = box.run("./app", cwd="/place", env=supervise)
    refuses(done, 127, "./app", "not found")
    assert any("/place" in hint for hint in done.texts("hint"))


def test_beneath_a_file(box, supervise):
    refuses(box.run("/etc/passwd/app", env=supervise), 127, "/etc/passwd/app", "not found")


def test_an_empty_name(box, supervise):
    done = box.run("", env=supervise)
    refuses(done, 127, "not found")
    (hint,) = done.texts("hint")
    assert "empty" in hint and "PATH" not in hint


@pytest.mark.parametrize("name", ["/etc", "/", "./"])
def test_a_folder(box, supervise, name):
    refuses(box.run(name, env=supervise), 126, f'"{name}"', "folder")


def test_a_folder_in_path(box, supervise):
    box.folder("/bin")
    box.folder("/bin/app")
    refuses(box.run("app", env=supervise | {"PATH": "/bin"}), 126, "/bin/app")


@pytest.mark.parametrize("mode", [0o644, 0o744, 0o700, 0o000], ids=oct)
def test_no_x_bit_for_the_apps_user(box, supervise, mode):
    """Root could execute some of these, but it is not root that does."""
    box.path("/world").chmod(mode)
    refuses(box.run("/world", env=supervise), 126, "/world", "Permission denied")


def test_in_a_folder_that_the_apps_user_may_not_enter(box, supervise):
    box.folder("/secret", mode=0o700)
    shutil.copy(box.path("/world"), box.path("/secret/app"))
    refuses(box.run("/secret/app", env=supervise), 126, "/secret/app")


def test_a_script_without_its_first_line(box, supervise):
    box.write("/script", "echo hello\n", mode=0o755)
    refuses(box.run("/script", env=supervise), 126, "/script", "Exec format error")


@pytest.mark.parametrize("content", ["", "\x7fELF" + "\0" * 200], ids=["empty", "garbage"])
def test_a_file_that_is_no_program(box, supervise, content):
    box.write("/app", content, mode=0o755)
    refuses(box.run("/app", env=supervise), 126, "/app", "Exec format error")


def test_a_program_for_another_machine(box, supervise):
    header = bytearray(box.path("/world").read_bytes())
    header[18:20] = (0x7777).to_bytes(2, "little")  # e_machine
    box.write("/app", bytes(header), mode=0o755)
    done = box.run("/app", env=supervise)
    refuses(done, 126, "/app", "Exec format error")
    assert any("architecture" in hint for hint in done.texts("hint"))


@pytest.mark.parametrize("first", ["#!/bin/sh", "#! /bin/sh -e", "#!/bin/sh\r"], ids=repr)
def test_a_script_whose_interpreter_is_missing(box, supervise, first):
    box.write("/script", f"{first}\necho hello\n", mode=0o755)
    refuses(box.run("/script", env=supervise), 127, '"/script" is there', "interpreter", "/bin/sh")


@pytest.mark.parametrize("interpreter", ["/dotnet-script", "/etc", "/secret/sh", "/middle"])
def test_a_script_whose_interpreter_may_not_be_executed(box, supervise, interpreter):
    """The script itself has nothing amiss."""
    box.write("/dotnet-script", box.path("/world").read_bytes(), mode=0o700)
    box.folder("/secret", mode=0o700)
    shutil.copy(box.path("/world"), box.path("/secret/sh"))
    box.write("/middle", "#!/world\n", mode=0o644)
    box.write("/script", f"#!{interpreter}\n", mode=0o755)
    done = box.run("/script", env=supervise)
    refuses(done, 126, '"/script" cannot', f'interpreter "{interpreter}"', "Permission denied")
    # Where it is the script all the same.
    box.path("/script").chmod(0o644)
    (error,) = box.run("/script", env=supervise).texts("error")
    assert "interpreter" not in error


def test_a_script_whose_interpreter_is_no_program(box, supervise):
    box.write("/text", "no program\n", mode=0o755)
    box.write("/script", "#!/text\n", mode=0o755)
    done = box.run("/script", env=supervise)
    refuses(done, 126, "/script", "Exec format error")
    (hint,) = done.texts("hint")
    assert '#! line, "/text",' in hint and "begins with" not in hint


def test_windows_line_ends_are_told(box, supervise):
    box.write("/script", "#!/world\r\n", mode=0o755)
    done = box.run("/script", env=supervise)
    refuses(done, 127, "interpreter", "/world\\x0d")
    (hint,) = done.texts("hint")
    assert "Windows" in hint and "libc" not in hint


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_told(box, supervise, encoding):
    box.write("/script", "#!/world\n".encode(encoding), mode=0o755)
    done = box.run("/script", env=supervise)
    refuses(done, 126, "/script", "Exec format error")
    (hint,) = done.texts("hint")
    assert "byte-order mark" in hint


def test_a_program_whose_loader_is_missing(box, supervise):
    """Like an app for glibc on Alpine: the file is there, and yet it is not found."""
    python = os.path.realpath(sys.executable)
    shutil.copy(python, box.path("/app"))
    done = box.run("/app", env=supervise)
    refuses(done, 127, '"/app" is there', "interpreter", "ld-")
    (hint,) = done.texts("hint")
    assert "glibc" in hint and "linux-musl-x64" in hint


def test_an_interpreter_that_itself_lacks_something(box, supervise):
    """A script's shell that was built for another libc, and a script for a script."""
    shutil.copy(os.path.realpath(sys.executable), box.path("/sh"))
    box.write("/script", "#!/sh\n", mode=0o755)
    done = box.run("/script", env=supervise)
    refuses(done, 127, '"/sh" is there', "interpreter", "ld-")
    assert any("glibc" in hint for hint in done.texts("hint"))
    box.write("/sh", "#!/nowhere\n", mode=0o755)
    refuses(box.run("/script", env=supervise), 127, '"/sh" is there', 'interpreter "/nowhere"')


def test_links_in_a_circle(box, supervise):
    box.path("/one").symlink_to("/two")
    box.path("/two").symlink_to("/one")
    done = box.run("/one", env=supervise)
    refuses(done, 126, "/one", "link")
    assert any("link" in hint for hint in done.texts("hint"))


def test_more_than_the_kernel_takes(box, supervise):
    """A home of 200 kB: one variable may have 128."""
    box.write("/etc/passwd", f"app:x:1654:1654::/{'x' * 200000}:/bin/sh\n")
    refuses(box.run("/world", env=supervise), 125, "/world", "too long")


def test_a_script_runs(box, supervise):
    box.write("/script", "#!/world word\n", mode=0o755)
    world = box.run("/script", "other", env=supervise).world
    assert world["arguments"] == ["/world", "word", "/script", "other"]


@pytest.mark.parametrize(
    "path, folder",
    [
        ("/one:/two", "/two"),
        ("/nowhere:/etc/passwd:/two:/three", "/two"),
        (":/three", "/place"),
        ("/nowhere:", "/place"),
        ("/denied:/two", "/two"),
        ("/secret:/two", "/two"),
        (None, "/usr/local/bin"),
    ],
)
def test_path_is_searched_in_order(box, supervise, path, folder):
    for name in ("/one", "/two", "/three", "/denied", "/place", "/usr", "/usr/local"):
        box.folder(name)
    for name in ("/usr/local/bin", "/bin"):
        box.folder(name)
    box.folder("/secret", mode=0o700)
    for name in ("/two", "/three", "/place", "/usr/local/bin", "/bin", "/secret", "/denied"):
        box.write(f"{name}/app", f"#!/world {name}\n", mode=0o644 if name == "/denied" else 0o755)
    env = supervise | ({} if path is None else {"PATH": path})
    assert box.run("app", env=env, cwd="/place").world["arguments"][1] == folder


def test_a_name_with_a_slash_is_not_looked_for_in_path(box, supervise):
    box.folder("/bin")
    box.folder("/bin/sub")
    shutil.copy(box.path("/world"), box.path("/bin/sub/app"))
    refuses(box.run("sub/app", env=supervise | {"PATH": "/bin"}), 127, "sub/app", "not found")


def test_in_a_folder_of_path_that_the_apps_user_may_not_enter(box, supervise):
    """dotnet-install.sh, run by root, puts it there."""
    box.path("/root").chmod(0o700)
    shutil.copy(box.path("/world"), box.path("/root/dotnet"))
    done = box.run("dotnet", env=supervise | {"PATH": "/bin:/root"})
    refuses(done, 127, '"dotnet" was not found')
    assert any("that the app's user may enter" in hint for hint in done.texts("hint"))
    done = box.run("dotnet", env=supervise | {"PATH": "/bin:/home"})
    assert not any("may enter" in hint for hint in done.texts("hint"))


def test_denied_in_path_and_nowhere_else(box, supervise):
    box.folder("/one")
    box.folder("/two")
    box.write("/one/app", "", mode=0o644)
    refuses(box.run("app", env=supervise | {"PATH": "/one:/two"}), 126, "/one/app")


def test_a_file_that_is_no_program_ends_the_search(box, supervise):
    box.folder("/one")
    box.folder("/two")
    box.write("/one/app", "", mode=0o755)
    shutil.copy(box.path("/world"), box.path("/two/app"))
    refuses(box.run("app", env=supervise | {"PATH": "/one:/two"}), 126, "/one/app")
