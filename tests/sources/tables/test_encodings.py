"""Tables that are not in UTF-8 are read in the encoding that they were written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source
from gmv_core.sources.tables.label_table import read_labels
from tests.sources.conftest import folder, png


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("cp1252", "O’Brien – 5 €"),
        ("cp1252", "Käse"),
        ("cp1251", "кот"),
        ("cp1251", "Иван Петров"),
        ("koi8_r", "кошка и собака"),
        ("cp1253", "γάτα"),
        ("cp932", "写真、猫"),
        ("gb18030", "小猫和小狗"),
        ("utf-16-le", "Käse"),
    ],
)
def test_encodings_are_guessed(encoding: str, label: str) -> None:
    text = f"name;label\r\nimg.jpg;{label}\r\n"
    content = ("\ufeff" + text if encoding.startswith("utf") else text).encode(encoding)
    row = read_labels(content).find("img.jpg")
    assert row is not None and row.label == label


WORDS = {
    "big5": "貓 狗 小貓 臺灣 黑貓 花園 人物 動物 汽車 城市 山水 攝影師 王小明 蝴蝶 大象",
    "euc_kr": "고양이 강아지 개 새 사람 풍경 자동차 도시 나비 토끼 코끼리 김철수 이영희 서울 사진",
    "cp932": "猫 犬 小鳥 風景 人物 写真 動物 花 東京 大阪 田中 鈴木 自動車 ウサギ ライオン",
    "gb18030": "猫 狗 小猫 风景 人物 动物 汽车 城市 山水 摄影师 王小明 蝴蝶 兔子 大象 狮子",
    "cp1252": "chien forêt été bébé garçon Käse Vögel Bär Löwe niño pingüino cão maçã Søren Åsa",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_a_table_of_a_few_words_is_enough_to_know_its_encoding(encoding: str) -> None:
    words = WORDS[encoding].split()
    for start in range(len(words)):
        some = (words[start:] + words[:start])[:8]
        text = "name;label\r\n" + "".join(f"{i}.jpg;{word}\r\n" for i, word in enumerate(some))
        rows = read_labels(text.encode(encoding)).by_place
        assert [row.label for row in rows] == some


LANGUAGES = {
    "cp1250": (
        "kot pies żółw ptak łabędź święto źrebię dąb ćma jeż książka niedźwiedź",
        "kočka žirafa kůň želva pták myš řeka dům město člověk růže medvěd včela",
        "macska kutya ló tehén nyúl egér madár őz róka teknős kígyó tükör gyűrű erdő",
        "mačka žaba riba čovjek đak kuća šuma miš dijete žena ćuk cvijet",
    ),
    "cp1254": ("kedi köpek kuş balık koyun keçi tavşan ayı kurbağa çiçek ağaç güneş yıldız ışık",),
    "cp1251": (
        "кішка собака птах миша лисиця ведмідь вовк олень їжак ґава",
        "котка куче мечка вълк",
    ),
    "koi8_u": ("кішка собака птах миша лисиця ведмідь вовк олень їжак",),
    "cp866": ("кошка собака птица рыба лошадь корова",),
    "iso8859_5": ("кошка собака птица рыба лошадь корова",),
    "cp1253": ("γάτα σκύλος πουλί ψάρι άλογο αγελάδα αλεπού αρκούδα",),
    "cp1257": ("katė šuo žuvis arklys karvė ožka kiškis pelė lapė varlė gėlė ąžuolas žąsis",),
    "cp1255": ("חתול כלב ציפור סוס פרה כבשה ארנב עכבר שועל",),
    "cp1256": ("قطة كلب طائر سمك حصان بقرة خروف ماعز أرنب",),
    "euc_jp": ("猫 犬 小鳥 ウサギ ライオン さくら すずめ かえる 富士山 電車",),
    "cp1252": (
        "Käse Vögel Bär Löwe Füchse Mäuse Straße Größe Äpfel Übung",
        "città caffè perché università virtù libertà",
        "räv björn älg får häst kött höna åska",
        "Zoë Müller;José Álvarez;François Lefèvre;Søren Ågård;Nº 5, 10 µm;Dvořák".replace("ř", "r"),
    ),
}


@pytest.mark.parametrize(
    ("encoding", "words"), [(e, words) for e, several in LANGUAGES.items() for words in several]
)
def test_the_language_of_a_table_tells_its_encoding(encoding: str, words: str) -> None:
    labels = words.split(";") if ";" in words else words.split()
    text = "name|label\r\n" + "".join(f"{i}.jpg|{label}\r\n" for i, label in enumerate(labels))
    table = read_labels(text.encode(encoding))
    assert [row.label for row in table.by_place] == labels
    assert f"was read as {table.encoding}" in table.encoding_words()


def test_a_first_line_may_name_the_encoding() -> None:
    text = "# -*- coding: {} -*-\nname,label\n1.jpg,koń\n"
    for encoding in ("cp1250", "windows-1250", "iso-8859-2"):
        table = read_labels(text.format(encoding).encode(encoding))
        assert table.by_place[0].label == "koń" and table.encoding_words() == ""
    for name in ("punycode", "no-such", "utf-8", "hex"):  # what is none, or wrong, is passed over
        table = read_labels(text.format(name).encode("cp1250"))
        assert table.by_place[0].label == "koñ" and "cp1252" in table.encoding_words()


def test_a_guessed_encoding_is_said_where_labels_are(tmp_path: Path) -> None:
    where = folder(tmp_path, {f"{i}.png": png(i) for i in range(3)})
    table = "name;label\n0.png;żółw\n1.png;łabędź\n2.png;koń\n".encode("cp1250")
    (tmp_path / "given.csv").write_bytes(table)
    labels = labels_for(open_source(where), tmp_path / "given.csv")
    assert labels is not None
    assert labels.notes[0].startswith("given.csv is not in UTF-8 and was read as cp1250")
    (where / "labels.csv").write_bytes(table)
    assert labels_for(open_source(where)).notes == (  # type: ignore[union-attr]
        labels.notes[0].replace("given", "labels"),
    )
