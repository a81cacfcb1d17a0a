"""What a run shows and leaves: pages, lines in a notebook, samples."""

LAYOUT = "tests/report/test_page_layout.py"
PROGRESS = "tests/train/test_progress.py"
FOLDERS = "tests/command/test_sample_folders.py"

MUTANTS = [
    (
        "jaxgen/report/page.py",
        'return f\'<div class="scroll" tabindex="0">{table}</div>\'',
        "return table",
        LAYOUT,
        "a wide table makes the page wide",
    ),
    (
        "jaxgen/report/page.css",
        "td { white-space: nowrap; }",
        "",
        LAYOUT,
        "numbers and their deviations come apart",
    ),
    (
        "jaxgen/report/study_page.py",
        "page.picture(row.name, shown, caption, plot=plot)",
        "page.picture(row.name, shown, caption)",
        LAYOUT,
        "thumbnails of points are an empty corner",
    ),
    (
        "jaxgen/train/progress.py",
        "self._output.update(text, raw=True)",
        "self._output = display(text, raw=True, display_id=True)",
        PROGRESS,
        "a notebook has an output for every log line",
    ),
    (
        "jaxgen/train/progress.py",
        "            self._cell.keep()\n",
        "            pass\n",
        PROGRESS,
        "the last line of training is lost",
    ),
    (
        "jaxgen/commands/flags.py",
        'f"{path}{ending}" if text',
        'f"{path}" if text',
        FOLDERS,
        "--out=new/ is a file",
    ),
    (
        "jaxgen/commands/pictures.py",
        "if _NUMBERED.fullmatch(name)]",
        'if name == "000000.png"]',
        FOLDERS,
        "samples are added to those of another run",
    ),
    (
        "jaxgen/commands/pictures.py",
        'f"class{name}" if name.isdecimal()',
        'f"class{label}" if name',
        FOLDERS,
        "files of samples have numbers of classes that have names",
    ),
    (
        "jaxgen/commands/flags.py",
        '{"action": _Once, "type": kind}',
        '{"type": kind}',
        "tests/command/test_flags.py",
        "of a flag that is given twice the last counts",
    ),
    (
        "jaxgen/commands/flags.py",
        "        if key in found:",
        "        if False:",
        "tests/command/test_flags.py",
        "of a key that is given twice the last counts",
    ),
    (
        "jaxgen/commands/flags.py",
        "[Lines()], False",
        "[Lines()], True",
        "tests/command/test_flags.py",
        "a warning is said by the root's handler, too",
    ),
    (
        "jaxgen/core/files.py",
        "if not path.exists()]\n    try:",
        "if path.exists()]\n    try:",
        "tests/core/test_files.py",
        "folders that were there before are deleted when they are empty",
    ),
    (
        "jaxgen/config/fields.py",
        'ours = "." not in name and module in',
        'ours = "." not in name or module in',
        "tests/config/test_fields.py",
        "a file of one's own is not found by one dot",
    ),
    (
        "jaxgen/core/errors.py",
        "own[-1].lineno",
        "frames[-1].lineno",
        "tests/config/test_load.py",
        "the line of a failure is that of a library",
    ),
    (
        "jaxgen/runs/record.py",
        "{'; '.join(changes[:_SHOWN])}{more}",
        "{'; '.join(changes)}{more}",
        "tests/runs/test_record.py",
        "all differences of two configs are named",
    ),
    (
        "jaxgen/data/images.py",
        'or ";16" in str(getattr(image, "tile", ""))',
        "",
        "tests/data/test_folder.py",
        "colors of 16 bits are not counted",
    ),
    (
        "jaxgen/report/run_page.py",
        "max(step, run_files.newest_step(workdir))",
        "step",
        "tests/report/test_run_page.py",
        "the report counts no steps after the last line of the log",
    ),
]
