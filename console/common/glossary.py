"""One vocabulary: what each of the vendors' words means, in one plain line, with the vendor's own term beside it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    word: str
    meaning: str
    vendor: str = ""


TERMS: dict[str, Term] = {
    "owner": Term("Owner", "Whose datasets and slices you work with: a person or a company on Avala.", "Avala: owner"),
    "dataset": Term(
        "Dataset",
        "A collection of pictures, videos or scans on Avala. Slices are made from datasets.",
        "Avala: dataset",
    ),
    "slice": Term("Slice", "A chosen part of one or more datasets, built once and then fixed.", "Avala: slice"),
    "part": Term("Part", "One ingredient of a slice: a whole dataset, chosen items, or a filter.", "Avala: sub-slice"),
    "item": Term("Item", "One picture, video or scan of a dataset.", "Avala: item"),
    "space": Term("Space", "The room at CloudFactory your projects, files and exports live in.", "CloudFactory: space"),
    "project": Term(
        "Project", "One kind of labelling work, with its instructions and its batches.", "CloudFactory: project"
    ),
    "batch": Term(
        "Batch",
        "A stack of work items of one project that is worked on together, in the order you set.",
        "CloudFactory: batch",
    ),
    "priority": Term(
        "Number",
        "What CloudFactory keeps for a batch’s place in the order. The console shows ranks and gives the numbers.",
        "CloudFactory: priority",
    ),
    "work item": Term("Work item", "One picture on its way through labelling and review.", "CloudFactory: work item"),
    "signal": Term(
        "Signal",
        "What you tell CloudFactory about an item: start, approve, send back, cancel and so on.",
        "CloudFactory: signal",
    ),
    "release": Term(
        "Release", "Gives an item back to the queue, so that somebody else may take it.", "CloudFactory: release"
    ),
    "export": Term(
        "Export", "A file of labels, made by CloudFactory; one at a time for each space.", "CloudFactory: export"
    ),
    "visibility": Term(
        "Visibility",
        "Who can see a slice: public means anyone on Avala, private means only you or your organization.",
        "Avala: visibility",
    ),
}
