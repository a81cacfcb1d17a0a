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
]
