#!/usr/bin/env python3
"""Checks README and docs.

  check.py prose                      links lead somewhere, lines wrap at 100, code blocks say how they are compiled
  check.py commands PROGRAM=PATH...   the commands of sh blocks: our programs understand their options, what is named exists
  check.py snippets FOLDER COMPILER...   writes all C++ blocks to a file in FOLDER and compiles it, syntax only

How a C++ block is compiled, a comment before it says:

  <!-- compiled -->                the block is a program or a header
  <!-- compiled: after NAME -->    declarations; what stands before them is tests/docs/NAME.hpp
  <!-- compiled: within NAME -->   statements of a function; likewise
  <!-- compiled: continues -->     declarations that follow those of the block before
  <!-- part of FILE -->            its lines stand in this file, one after the other, whatever their indentation
  <!-- not compiled: WHY -->       what it says
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"),
                *ROOT.glob(".github/**/*.md")])
MODE = re.compile(r"<!-- (not compiled: .+|part of [\w./]+|compiled(?:: (?:after|within) [a-z_]+|: continues)?) -->")
# Pages whose C++ is compiled.
TAUGHT = [page for page in PAGES if page.parent == ROOT or ROOT / "docs" in page.parents]


class Block:
    """A fenced block: its language, first line's number, the line before it, its text."""

    def __init__(self, language, line, before, text):
        self.language, self.line, self.before, self.text = language, line, before, text


def blocks(page):
    lines = page.read_text(encoding="utf-8").split("\n")
    found, start = [], None
    for number, line in enumerate(lines):
        fence = re.match(r"\s*```(\S*)", line)
        if not fence:
            continue
        if start is None:
            start, language = number, fence[1]
        else:
            before = next((text for text in reversed(lines[:start]) if text.strip()), "")
            found.append(Block(language, start + 1, before, "\n".join(lines[start + 1:number])))
            start = None
    if start is not None:
        sys.exit(f"{page}:{start + 1}: the block does not end")
    return found


def without_code(text):
    """The text with the lines of fenced blocks empty, so that numbers of lines stay."""
    return re.sub(r"^\s*```.*?^\s*```", lambda match: "\n" * match[0].count("\n"), text, flags=re.S | re.M)


def anchors(page):
    """As GitHub makes them of headings."""
    seen, result = {}, set()
    for heading in re.findall(r"^#+ (.*)$", without_code(page.read_text(encoding="utf-8")), flags=re.M):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        result.add(anchor if count == 0 else f"{anchor}-{count}")
    return result


def prose():
    errors = []
    for page in PAGES:
        name = page.relative_to(ROOT)
        text = without_code(page.read_text(encoding="utf-8"))
        for number, line in enumerate(text.split("\n"), 1):
            table = line.lstrip().startswith("|")
            unbreakable = " " not in re.sub(r"^[\s>*-]+", "", line)
            if len(line) > 100 and not table and not unbreakable:
                errors.append(f"{name}:{number}: {len(line)} columns, of 100")
        # A link may be broken at the end of a line.
        for match in re.finditer(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", text):
            number = text.count("\n", 0, match.start()) + 1
            target, _, anchor = match[1].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = (page.parent / target).resolve() if target else page
            if not file.exists():
                errors.append(f"{name}:{number}: there is no {target}")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                errors.append(f"{name}:{number}: {target or name} has no heading #{anchor}")
    for page in TAUGHT:
        for block in blocks(page):
            if block.language == "cpp" and not MODE.fullmatch(block.before.strip()):
                errors.append(f"{page.relative_to(ROOT)}:{block.line}: how is this compiled? See {pathlib.Path(__file__).name}")
            part = re.fullmatch(r"<!-- part of (\S+) -->", block.before.strip())
            if part and not stands_in(block.text, ROOT / part[1]):
                errors.append(f"{page.relative_to(ROOT)}:{block.line}: does not stand in {part[1]}")
            if block.language == "":
                errors.append(f"{page.relative_to(ROOT)}:{block.line}: of which language is this block?")
    return errors


def stands_in(text, file):
    if not file.exists():
        return False
    lines = [line.strip() for line in text.split("\n")]
    whole = [line.strip() for line in file.read_text(encoding="utf-8").split("\n")]
    return any(whole[start:start + len(lines)] == lines for start in range(len(whole)))


def commands(programs):
    """Of our own programs the options are parsed (--print-config), of others what they name in this folder exists."""
    errors = []
    presets = json.loads((ROOT / "CMakePresets.json").read_text(encoding="utf-8"))
    names = {preset["name"] for kind in ("configurePresets", "buildPresets", "testPresets") for preset in presets[kind]}
    variables = "\n".join(file.read_text(encoding="utf-8") for file in [ROOT / "CMakeLists.txt", *ROOT.glob("cmake/*.cmake")])
    for page in TAUGHT:
        for block in blocks(page):
            if block.language != "sh":
                continue
            for line in block.text.replace("\\\n", " ").split("\n"):
                where = f"{page.relative_to(ROOT)}:{block.line}: {line.strip()}: "
                line = re.sub(r"(^|\s)#.*", "", line).strip()
                for command in filter(None, (part.strip() for part in line.split("&&"))):
                    words = command.split()
                    for preset in re.findall(r"--preset[ =](\S+)", command):
                        if words[0] in ("cmake", "ctest") and preset not in names:
                            errors.append(where + f"there is no preset {preset}")
                    for variable in re.findall(r"-D ?(MIDSTREAM_\w+)", command):
                        if variable not in variables:
                            errors.append(where + f"no CMake file speaks of {variable}")
                    program = re.fullmatch(r"(?:\./)?build/\w+/examples/(\w+)", words[0])
                    if program:
                        if not (ROOT / "examples" / program[1]).is_dir():
                            errors.append(where + "there is no such example")
                        elif program[1] in programs:
                            errors += [where + error for error in understands(programs[program[1]], program[1], words[1:])]
                    elif words[0].startswith(("./", "tools/", "tests/")) and not (ROOT / words[0]).exists():
                        errors.append(where + "there is no such script")
    return errors


def understands(path, program, words):
    """Does a program of ours understand these words, in the folder that a reader types them in? It is not run, or for a moment."""
    if program == "corridor":
        run = [path, "0"]
    elif program == "tutorial":
        run = [path, "1", "0"]
    elif program == "second_level":
        run = [path, words[0], "1", "0"]
    elif words[:1] == ["expert"]:
        run = [path, "expert", "--help"]
    elif "--help" in words:
        run = [path, "--help"]
    else:
        run = [path, *words, "--print-config"]
    result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return [] if result.returncode == 0 else [(result.stderr or result.stdout).strip() or f"status {result.returncode}"]


def source():
    """One translation unit with all C++ that is to be compiled: every block in a namespace of its own, what a block
    includes at the head of the file. Lines are those of the pages."""
    includes, body = {}, []
    for page in TAUGHT:
        open_namespace = False
        for block in blocks(page):
            mode = MODE.fullmatch(block.before.strip())
            if block.language != "cpp" or not mode or not mode[1].startswith("compiled"):
                continue
            words = mode[1].replace(":", "").split()
            if words[1:] != ["continues"]:
                if open_namespace:
                    body.append("}")
                body.append(f"namespace block_{len(body)} {{")
                open_namespace = True
            if len(words) == 3:
                includes[f'#include "docs/{words[2]}.hpp"'] = None
            lines = block.text.split("\n")
            includes |= dict.fromkeys(line for line in lines if line.startswith("#include"))
            text = "\n".join("" if line.startswith("#include") else line for line in lines)
            text = re.sub(r"\bint main\(", "void snippet_main(", text)  # main is a name of the global namespace
            text = f'#line {block.line + 1} "{page}"\n{text}'
            body.append(f"inline void snippet() {{\n{text}\n}}" if words[1:2] == ["within"] else text)
        if open_namespace:
            body.append("}")
    return "\n".join([*includes, *body]) + "\n"


def snippets(folder, compiler):
    file = pathlib.Path(folder) / "snippets.cpp"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source(), encoding="utf-8")
    result = subprocess.run([*compiler, f"-I{ROOT / 'tests'}", "-fsyntax-only", str(file)], capture_output=True, text=True)
    return [result.stderr] if result.returncode else []


def main():
    what, *rest = sys.argv[1:] or ["-h"]
    if what == "prose":
        errors = prose()
    elif what == "commands":
        errors = commands(dict(word.split("=", 1) for word in rest))
    elif what == "snippets" and len(rest) >= 2:
        errors = snippets(rest[0], rest[1:])
    else:
        sys.exit(__doc__)
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
