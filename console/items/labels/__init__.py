"""The labels of one work item: its COCO file, drawn on the picture and listed; and labels as a person enters them."""
