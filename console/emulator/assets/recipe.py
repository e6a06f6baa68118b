"""What the demo data is made of: the photographs, their licences, and the windows cut out of them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    name: str
    file: str
    licence: str
    origin: str
    credit: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Cut:
    """A grid of equal windows over one photograph, each enlarged to one size; they overlap where the grid is tight."""

    source: str
    columns: int
    rows: int
    window: tuple[int, int]
    finder: str | None = None
    whole: bool = False
    # Every n-th window has no annotation file, like work that has not been started; 0 means none.
    unlabelled_every: int = 0


@dataclass(frozen=True)
class Recipe:
    slug: str
    name: str
    description: str
    cuts: tuple[Cut, ...]
    sites: tuple[str, ...]
    cameras: tuple[str, ...]
    categories: tuple[int, ...] = ()


CC0 = "CC0 1.0"
PUBLIC_DOMAIN = "Public domain"
UNRESTRICTED = "No known copyright restrictions"
CC_BY = "CC BY 2.0"
IN_SKIMAGE = "scikit-image 0.26.0, skimage/data/"
IN_SKLEARN = "scikit-learn 1.9.1, sklearn/datasets/images/"

SOURCES = (
    Source(
        "coins",
        "coins.png",
        UNRESTRICTED,
        "https://www.brooklynmuseum.org/opencollection/archives/image/51611",
        "Brooklyn Museum Collection: Greek coins from Pompeii",
        ("coins", "metal", "monochrome"),
    ),
    Source(
        "ihc",
        "ihc.png",
        UNRESTRICTED,
        "scikit-image, skimage.data.immunohistochemistry",
        "Center for Microscopy And Molecular Imaging (CMMI)",
        ("microscopy", "tissue", "colour"),
    ),
    Source(
        "hubble",
        "hubble_deep_field.jpg",
        "Public domain (NASA)",
        "http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        "NASA, Hubble eXtreme Deep Field",
        ("sky", "stars", "colour"),
    ),
    Source(
        "retina",
        "retina.jpg",
        CC0,
        "https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
        "Mikael Häggström",
        ("eye", "medical", "colour"),
    ),
    Source(
        "brick",
        "brick.png",
        CC0,
        "https://cc0textures.com/view.php?tex=Bricks25",
        "CC0Textures",
        ("brick", "wall", "monochrome"),
    ),
    Source(
        "gravel",
        "gravel.png",
        CC0,
        "https://cc0textures.com/view.php?tex=Gravel04",
        "CC0Textures",
        ("gravel", "ground", "monochrome"),
    ),
    Source(
        "grass",
        "grass.png",
        CC0,
        "https://www.deviantart.com/linolafett/art/Grass-01-434853879",
        "linolafett",
        ("grass", "ground", "monochrome"),
    ),
    Source(
        "china",
        "china.jpg",
        CC_BY,
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
        "danielbuechele",
        ("building", "outdoor", "colour"),
    ),
    Source(
        "flower",
        "flower.jpg",
        CC_BY,
        "https://www.flickr.com/photos/vultilion/6056698931/",
        "vultilion (by the link; the package's note names danielbuechele)",
        ("flower", "outdoor", "colour"),
    ),
    Source(
        "chelsea",
        "chelsea.png",
        CC0,
        "scikit-image, skimage.data.chelsea",
        "Stefan van der Walt",
        ("cat", "pet", "colour"),
    ),
    Source(
        "coffee",
        "coffee.png",
        CC0,
        "scikit-image, skimage.data.coffee",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
        ("cup", "indoor", "colour"),
    ),
    Source(
        "astronaut",
        "astronaut.png",
        "Public domain (NASA)",
        "https://flic.kr/p/r9qvLn",
        "NASA Great Images: Eileen Collins",
        ("person", "indoor", "colour"),
    ),
    Source(
        "camera",
        "camera.png",
        CC0,
        "https://github.com/scikit-image/scikit-image/issues/3927",
        "Lav Varshney",
        ("person", "outdoor", "monochrome"),
    ),
    Source(
        "rocket",
        "rocket.jpg",
        PUBLIC_DOMAIN,
        "https://www.flickr.com/photos/spacexphotos/16511594820/",
        "SpaceX",
        ("rocket", "outdoor", "colour"),
    ),
    Source(
        "text",
        "text.png",
        PUBLIC_DOMAIN,
        "https://en.wikipedia.org/wiki/File:Corner.png",
        "Wikipedia",
        ("handwriting", "paper", "monochrome"),
    ),
)

CATEGORIES: tuple[dict[str, Any], ...] = (
    {"id": 1, "name": "coin", "supercategory": "object", "keypoints": ["left", "top", "right", "bottom"]},
    {"id": 2, "name": "large coin", "supercategory": "object", "keypoints": ["left", "top", "right", "bottom"]},
    {"id": 3, "name": "nucleus", "supercategory": "tissue"},
    {"id": 4, "name": "stained gland", "supercategory": "tissue"},
    {"id": 5, "name": "bright source", "supercategory": "sky"},
    {"id": 6, "name": "faint source", "supercategory": "sky"},
    {"id": 7, "name": "optic disc", "supercategory": "eye", "keypoints": ["centre"]},
    {"id": 8, "name": "vessel", "supercategory": "eye"},
    {"id": 9, "name": "brick", "supercategory": "surface"},
    {"id": 10, "name": "pebble", "supercategory": "surface"},
    {"id": 11, "name": "blossom", "supercategory": "plant"},
    {"id": 12, "name": "pen stroke", "supercategory": "document"},
)

RECIPES = (
    Recipe(
        "coins-on-velvet",
        "Coins on velvet",
        "Greek coins from Pompeii on a dark tray. Outline every coin; large ones apart.",
        (Cut("coins", 5, 4, (160, 120), "coins", whole=True),),
        ("Turin", "Naples"),
        ("copy-stand-1", "copy-stand-2"),
        (1, 2),
    ),
    Recipe(
        "cell-nuclei",
        "Cell nuclei",
        "Stained colon tissue under the microscope. Outline the blue nuclei between the glands; the glands are masks.",
        (Cut("ihc", 4, 5, (200, 150), "tissue", whole=True),),
        ("Lab A", "Lab B"),
        ("scope-10x", "scope-20x"),
        (3, 4),
    ),
    Recipe(
        "deep-field",
        "Deep field",
        "Windows on the Hubble eXtreme Deep Field. Outline the clear lights; bright ones apart.",
        (Cut("hubble", 5, 4, (280, 210), "sky", whole=True, unlabelled_every=6),),
        ("Orbit",),
        ("wfc3-ir", "acs-wfc"),
        (5, 6),
    ),
    Recipe(
        "eye-screening",
        "Eye screening",
        "Fundus photograph in parts. Outline the optic disc, mark its centre, and mask the vessels.",
        (Cut("retina", 4, 4, (480, 360), "eye", whole=True),),
        ("Uppsala", "Lund"),
        ("fundus-3",),
        (7, 8),
    ),
    Recipe(
        "surface-textures",
        "Surface textures",
        "Brick, gravel and grass from above. Outline bricks and the larger pebbles; grass has nothing to mark.",
        (
            Cut("brick", 3, 3, (224, 168), "bricks"),
            Cut("gravel", 3, 3, (200, 150), "pebbles"),
            Cut("grass", 3, 2, (256, 192), "nothing"),
        ),
        ("Yard 1", "Yard 2", "Yard 3"),
        ("drone-a", "drone-b"),
        (9, 10),
    ),
    Recipe(
        "city-garden-and-people",
        "City, garden and people",
        "Everyday pictures of places, people, pets and things. Blossoms and handwriting are done, the rest is waiting.",
        (
            Cut("china", 2, 2, (400, 300), whole=True),
            Cut("flower", 2, 2, (400, 300), "blossom", whole=True),
            Cut("chelsea", 2, 2, (300, 225), whole=True),
            Cut("coffee", 2, 2, (400, 300), whole=True),
            Cut("astronaut", 2, 2, (320, 240), whole=True),
            Cut("camera", 2, 2, (320, 240), whole=True),
            Cut("rocket", 2, 1, (400, 300), whole=True),
            Cut("text", 3, 1, (220, 165), "handwriting"),
        ),
        ("Canteen", "Garden", "Old town"),
        ("phone-7", "mirrorless-2"),
        (11, 12),
    ),
)
