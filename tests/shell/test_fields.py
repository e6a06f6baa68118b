from django import forms

from tests.markup import folded


class Sample(forms.Form):
    name = forms.CharField(help_text="How others find it.", max_length=5)
    note = forms.CharField(widget=forms.Textarea, required=False)
    secret = forms.CharField(widget=forms.PasswordInput)
    seen_by = forms.ChoiceField(label="Who may see it", widget=forms.RadioSelect, choices=[("p", "Us"), ("u", "All")])
    tell = forms.BooleanField(label="Tell them", required=False)


def test_a_field_in_error_says_so_to_every_reader() -> None:
    page = Sample({"name": "too long"})["name"].as_field_group()
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'id="id_name_helptext"' in page
    assert 'id="id_name_error"' in page


def test_what_was_typed_stays_and_is_escaped() -> None:
    assert 'value="&lt;b&gt; too"' in Sample({"name": "<b> too"})["name"].as_field_group()


def test_only_what_may_stay_empty_is_marked() -> None:
    form = Sample()
    assert "optional" in form["note"].as_field_group()
    assert "optional" not in form["name"].as_field_group()
    assert "optional" not in form["tell"].as_field_group()


def test_choices_are_a_group_with_a_legend() -> None:
    page = folded(Sample({})["seen_by"].as_field_group())
    assert "<fieldset" in page
    assert "<legend>Who may see it</legend>" in page
    assert "This field is required." in page


def test_a_box_stands_before_its_words() -> None:
    page = Sample()["tell"].as_field_group()
    assert page.index("<input") < page.index("<label")


def test_a_password_can_be_shown() -> None:
    assert "data-show-password" in Sample()["secret"].as_field_group()
    assert "data-show-password" not in Sample()["name"].as_field_group()


def test_a_whole_form_uses_the_same_fields() -> None:
    page = str(Sample({}))
    assert page.count('class="field') >= len(Sample.base_fields)
