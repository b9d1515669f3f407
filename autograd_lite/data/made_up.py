"""Three hundred made-up names, for a first language model: nobody is called so, or some are, by chance."""

from __future__ import annotations

__all__ = ["made_up_names"]

_NAMES = """
    bal balia ban bane banola batina baya bea bedana bel belol ben beraron berimo berith beron besira bessa beth
    bevana bevara brilo brina brisal britith brivin cades caliron camiric cara cas casaric catath celil cemal
    cena cero cesaya cesimo cetane cevath daa dalas dana daron dasaric dedana delia demo den deronda desal
    detalia detath deth devira dodaa dodela dolala domina dona doric dosavin dotaric elara elo enira eras erona
    etan evina falia famala familo fan fana faranda fativin fedara fedath fedelia felal fenda feric fesilia
    gadelo gadeya gal galo ganalo garic inilo inivin iril isa isis ivin ivina janala janos jas jatis jaya jerin
    jevia jevin kanana kara katimo kavanda kavin kedala kelas kenda kenina kenoth kera kerine keron kes kevira
    ladana ladas lana laril las lassa latal lativin lavas ledanda lelalia lelane lelia lemo lera leya lidas lima
    limaric lira liran liti litine lomanda lora loroa maderic mal malo malolo malone mana massa math mavalo
    mavia mavin mel mene mesis metara mevana mia milis milovin mimo miric nadassa nal nalo nana nasaa naya nea
    nelo nemimo nene nenossa netane neth nevin nevina nodevin nolal noliric noraa noraron nosivin notina odala
    odalia odel olaa olalia ona ora orilia osaron osin oth ovana ovin oviya padara pal pala palia palo pamalia
    pana parara parona pedara pel pelo penana penolia pera perane peraron pessa ralo rana rarona rarora ratan
    ravaya ravi reliya remo renda reniya rera reroa reva rodaa roliric rolossa rona roya sadena saderic sal sala
    salia salo sanassa sanine saron sarora sas sataya semilo sera serora setith sevith taliron tamara tea telia
    telolo tevin til tila tine tira tiraron tisiric tivimo van vana varinda vaya vedel veloron ven venda vera
    vesina vevila wia wila wilira wina winolo wirimo wivin zaa zanda zasila zavilo zaya zelo zelone zenilo zeric
    zeth zeya
"""


def made_up_names() -> list[str]:
    """Three hundred names put together from syllables, in alphabetical order: three to seven letters, all small.

    >>> names = made_up_names()
    >>> len(names), names[0].islower(), {len(name) for name in names} <= {3, 4, 5, 6, 7}
    (300, True, True)
    """
    return _NAMES.split()
