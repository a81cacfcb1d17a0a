"""What a module of `jaxgen.objectives`, or anybody else's, offers: asked here and nowhere else.

A module has

- `NETWORKS`, the names of its networks; `ADVERSARIES`, those of them that judge (default: none)
- `Hparams`, a frozen dataclass whose defaults are the paper's values
- `turns(hparams)`, the paper's algorithm: who moves, on which loss, how often, in which order
- `create_state(spec, key, batch)`, `train_step(spec, state, batch, key) -> (state, metrics)`

and where it has the ability

- `sample(spec, state, key, num, condition=None)`: images f32[num,h,w,c] in [-1,1]; what gives none
  has `colorize` or `translate`, or only `assignments`: it classifies
- `num_classes(hparams)`: K of the classes that samples can be asked to be of, that labels may be of
  and that `assignments` are over; 0 where there are none
- `sampled_classes(hparams)`: how many of them samples can be asked to be of (default: all)
- `num_images(hparams)`: of how many training images it remembers something, each by its row, which
  its batches then have as "index" i32[b]; 0 where it does not
- `lacks(hparams)`: names of abilities below that it has not at these hparams
- `draw_code(spec, key, num)`: codes or latents f32[num,m] of the prior
- `encode(spec, state, image)`: codes f32[b,m]
- `decode(spec, state, code, condition=None, key=None)`: images of any codes
- `arcs(hparams)`: whether walks between codes are arcs, which keep their norm, or else lines
- `reconstruct(spec, state, batch, key)`: images of the batch's images, and of batch["label"] where
  a step reads "label"
- `translate(spec, state, batch, key)`: images of the other domain of batch["image"], or of the
  first domain of batch["other_image"], whichever there is
- `colorize(spec, state, lightness, key)`: chroma f32[b,h,w,2] of lightness f32[b,h,w,1], see
  `core.color`
- `complete(spec, state, key, image, known, condition=None)`: images whose pixels are drawn but
  where bool[h,w] or [b,h,w] says that they are known
- `as_modelled(spec, image, key)`: real images f32[b,h,w,c] on the grid that is modelled, such as
  binary ones; `image` itself where nothing changes
- `assignments(spec, state, image)`: logits f32[b,K] of q(class | image)
- `evaluate(spec, state, batch, key)`: metrics of a held-out batch
- `TITLES`, name -> (title, what is good) of the metrics of its log, "player/term", and of
  `evaluate`, "objective/NAME": unit, direction, and where known the values of a healthy training

Entries of turns that begin with "made_" are no data: its `train_step` puts them into the batch.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from jaxgen.core.errors import UserError
from jaxgen.core.step import Turn, batches_per_step

_REQUIRED = ("NETWORKS", "Hparams", "turns", "create_state", "train_step")
# Of which an objective has one at least.
_MAKES = ("sample", "colorize", "translate", "assignments")
_ABILITIES = (
    "sample",
    "draw_code",
    "encode",
    "decode",
    "reconstruct",
    "translate",
    "colorize",
    "complete",
    "as_modelled",
    "assignments",
    "evaluate",
)


@dataclasses.dataclass(frozen=True)
class Objective:
    """The abilities of one module at given hparams; those that it has not are None.

    Attributes:
      name: the module's own.
      networks: as in its `NETWORKS`.
      adversaries: as in its `ADVERSARIES`.
      turns: of one step.
      num_classes: 0 where there are no classes.
      sampled_classes: 0 where samples cannot be asked to be of a class.
      num_images: training images that it remembers something of; 0 where it does not.
      arcs: the path of walks between codes.
      titles: as in its `TITLES`.
    """

    name: str
    networks: tuple[str, ...]
    adversaries: tuple[str, ...]
    turns: tuple[Turn, ...]
    num_classes: int
    sampled_classes: int
    num_images: int
    arcs: bool
    titles: Mapping[str, tuple[str, str]]
    create_state: Callable
    train_step: Callable
    sample: Callable | None
    draw_code: Callable | None
    encode: Callable | None
    decode: Callable | None
    reconstruct: Callable | None
    translate: Callable | None
    colorize: Callable | None
    complete: Callable | None
    as_modelled: Callable | None
    assignments: Callable | None
    evaluate: Callable | None

    def lacking(self, *abilities: str) -> tuple[str, ...]:
        """Those of the named abilities that it has not."""
        return tuple(name for name in abilities if getattr(self, name) is None)

    @property
    def batches(self) -> int:
        """Batches of one step."""
        return batches_per_step(self.turns)

    @property
    def entries(self) -> tuple[str, ...]:
        """What a step must be given, in the order of the turns, and "index" where it remembers."""
        found = _ordered(t.entries for t in self.turns if not t.optional)
        read = (name for name in found if not name.startswith("made_"))
        return (*read, *["index"] * bool(self.num_images))

    @property
    def optional_entries(self) -> tuple[str, ...]:
        """What a step also reads where there is some."""
        optional = _ordered(t.entries for t in self.turns if t.optional)
        return tuple(name for name in optional if name not in self.entries)

    @property
    def only_classifies(self) -> bool:
        """Whether it makes no images, of nothing or of others."""
        return not (self.sample or self.colorize or self.translate)

    def phases(self, name: str, *, with_optional: bool) -> tuple[str, ...]:
        """The phases in which network `name` is updated; () if in one only, which needs no name."""
        turns = [t for t in self.turns if name in t.players and (with_optional or not t.optional)]
        phases = _ordered((t.phase,) for t in turns if t.phase)
        every = {t.phase for t in self.turns if name in t.players}
        return phases if len(every) > 1 else ()


def require(module: ModuleType | Any, names: tuple[str, ...] = _REQUIRED) -> None:
    """Raises UserError for a module that lacks one of `names`, by default what each must have."""
    lacking = [name for name in names if not hasattr(module, name)]
    if names is _REQUIRED and not any(hasattr(module, name) for name in _MAKES):
        lacking.append("sample (or colorize, translate or assignments)")
    if lacking:
        raise UserError(f"config.objective={module.__name__} lacks {', '.join(lacking)}.")


def resolve(module: ModuleType | Any, hparams: Any) -> Objective:
    """What `module` offers with `hparams`. Raises UserError for one that lacks a name it must have.

    >>> from jaxgen.objectives import cgan
    >>> game = resolve(cgan, cgan.Hparams(num_classes=3))
    >>> game.num_classes, game.entries, game.encode
    (3, ('image', 'label'), None)
    """
    require(module)
    num_classes = getattr(module, "num_classes", lambda _: 0)(hparams)
    abilities = {name: getattr(module, name, None) for name in _ABILITIES}
    lacking = getattr(module, "lacks", lambda _: ())(hparams)
    abilities |= dict.fromkeys(lacking if num_classes else (*lacking, "assignments"))
    return Objective(
        name=module.__name__,
        networks=tuple(module.NETWORKS),
        adversaries=tuple(getattr(module, "ADVERSARIES", ())),
        turns=tuple(module.turns(hparams)),
        num_classes=num_classes,
        sampled_classes=getattr(module, "sampled_classes", lambda _: num_classes)(hparams),
        num_images=getattr(module, "num_images", lambda _: 0)(hparams),
        arcs=getattr(module, "arcs", lambda _: False)(hparams),
        titles=dict(getattr(module, "TITLES", {})),
        create_state=module.create_state,
        train_step=module.train_step,
        **abilities,
    )


def _ordered(groups: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
