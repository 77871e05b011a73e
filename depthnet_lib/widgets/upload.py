"""The reader's own photo."""

from ipywidgets import FileUpload, Label, VBox

from ..errors import InputError
from ..images import decode_image
from ..pipeline import read_portrait


def upload_widget(show) -> VBox:
    """A button for the reader's own photo: calls ``show(portrait)``, or says in one line why it cannot."""
    button, message = FileUpload(accept="image/*", multiple=False, description="Your photo"), Label()

    def read(change):
        for file in change["new"]:
            try:
                portrait = read_portrait(decode_image(bytes(file["content"]), file["name"]))
            except InputError as error:
                message.value = str(error)
                return
            message.value = file["name"]
            show(portrait)

    button.observe(read, "value")
    return VBox([button, message])
