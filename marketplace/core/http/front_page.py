"""The page at `/`: what Inlay is and what stands at this address, in Chinese or English, and as JSON for programs.

It is the same for everybody: it is made of files and constants alone, and knows nothing of who is in the market.
"""

from flask import Flask, Response, jsonify, request

from marketplace.core.http.openapi import PUBLIC_CACHE, static_file

LANGUAGES = ("en", "zh")
_HTML, _JSON = "text/html", "application/json"
ABOUT = {
    "name": "Inlay",
    "description": {
        "zh": "开源的短视频植入市场：需求、密封报价，按触达、价格与侵扰度打分。",
        "en": "An open-source market for product placement in short video: briefs, sealed bids, scores for reach, price"
        " and intrusiveness.",
    },
    "license": "Apache-2.0",
    "links": {
        "api": "/api/v1",
        "openapi": "/openapi.json",
        "docs": "/docs",
        "problems": "/docs/problems",
        "live": "/livez",
        "ready": "/readyz",
        "license": "/static/license.txt",
    },
}


def add_front_page(app: Flask) -> None:
    @app.get("/")
    def front() -> Response:
        # Whoever does not ask for HTML by name, such as curl, gets what a program can read.
        wanted = request.accept_mimetypes
        as_page = wanted.best_match([_JSON, _HTML], default=_JSON) == _HTML
        answer = static_file(f"front.{_language()}.html") if as_page else jsonify(ABOUT)
        if as_page:
            answer.content_language.add({"zh": "zh-CN", "en": "en"}[_language()])
        answer.vary.update(("Accept", "Accept-Language"))
        answer.headers["Cache-Control"] = PUBLIC_CACHE
        answer.add_etag()
        answer.make_conditional(request)
        return answer


def _language() -> str:
    """Return the language that the page's own link asks for, else the best of those that the browser asks for."""
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, default="en")
