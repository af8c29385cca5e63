"""Fields of the API for facts about channels and audiences, which come in under many names and are stored under one."""

from typing import Any

from marshmallow import ValidationError

from marketplace.channels.facts import account_handles, language_tags, platform_names, region_names
from marketplace.channels.facts.audience_vocabulary import INTERESTS, LEVELS, education_levels, interest_code
from marketplace.core.http.fields import TextField
from marketplace.core.http.load_refusals import refusal

LABEL_MAX = 60
PLATFORM = r"^[a-z][a-z0-9_]{1,29}$"


class RegionField(TextField):
    """A region's code or its name in Chinese or English; it is loaded as the code. `among` are the codes allowed."""

    def __init__(self, among: tuple[str, ...] | None = None, **kwargs: Any) -> None:
        self.among = None if among is None else frozenset(among)
        described = "A country (ISO 3166-1), a province of China (CN-GD), or its name: US, USA, 美国, Guangdong, 广东."
        super().__init__(LABEL_MAX, metadata={"description": described, "example": "CN-GD"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        code = region_names.region_code(text)
        if code is None:
            raise ValidationError(refusal(*region_names.stranger_said(text)))
        if self.among is not None and code not in self.among:
            raise ValidationError(
                refusal(
                    f"{region_names.region_name(code)[0]}（{code}）不是可以选的地区。",
                    f"{region_names.region_name(code)[1]} ({code}) is not a region to ask for.",
                )
            )
        return code


class LanguageField(TextField):
    """A BCP 47 tag or a language's name; it is loaded as the tag."""

    def __init__(self, **kwargs: Any) -> None:
        described = "A BCP 47 tag, or the language's name: zh-CN, en, Chinese, 中文."
        super().__init__(LABEL_MAX, metadata={"description": described, "example": "zh-CN"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        tag = language_tags.language_tag(text)
        if tag is None:
            raise ValidationError(refusal(*language_tags.stranger_said(text)))
        return tag


class HandleField(TextField):
    """A handle, with or without @, or the address of a profile; it is loaded in its normal form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        handle = account_handles.normal_handle(super()._deserialize(value, attr, data, **kwargs))
        if not handle:
            raise ValidationError(refusal(*account_handles.NOTHING_TO_SEE))
        return handle


class LevelField(TextField):
    """A level of education, or a name of one or several; it is loaded as the list of levels that it covers."""

    def __init__(self, **kwargs: Any) -> None:
        described = f"One of {', '.join(LEVELS)}, or university (a bachelor's degree or more)."
        super().__init__(LABEL_MAX, metadata={"description": described}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if education_levels(text) is None:
            raise ValidationError(
                refusal(
                    f"“{text}”不在其中：{', '.join(LEVELS)}, university。",
                    f"'{text}' is none of: {', '.join(LEVELS)}, university.",
                )
            )
        return text


class InterestField(TextField):
    """An interest of audiences; it is loaded as its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(LABEL_MAX, metadata={"description": f"One of {', '.join(INTERESTS)}."}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        code = interest_code(text)
        if code is None:
            raise ValidationError(
                refusal(f"“{text}”不在其中：{', '.join(INTERESTS)}。", f"'{text}' is none of: {', '.join(INTERESTS)}.")
            )
        return code


class PlatformField(TextField):
    """A platform's code. Each platform has one, so that an account cannot be claimed a second time, or pass by what is
    known of its platform, under another spelling: `tik_tok` is `tiktok`, and `tiktk` is refused. Other platforms than
    the market knows may be told of."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(30, pattern=PLATFORM, **kwargs)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        label = super().deserialize(value, attr, data, **kwargs)
        if not isinstance(label, str):
            return label
        if (code := platform_names.meant(label)) is not None:
            raise ValidationError(refusal(*platform_names.slip_said(label, code)))
        return platform_names.platform_code(label)
