"""Catalogue: products, sites and customers of the shop, which stay the same."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.sources.synthetic.frames import names, times
from data.sources.synthetic.shop import RandomStream, SyntheticShop

COUNTRIES = ("DE", "FR", "ES", "PT", "BR", "CN", "US")
COUNTRY_SHARE = np.array([0.27, 0.12, 0.11, 0.13, 0.15, 0.14, 0.08])
CITIES = (
    ("Berlin", "Hamburg", "Köln", "München"),
    ("Paris", "Lyon", "Marseille", "Lille"),
    ("Madrid", "Barcelona", "Valencia", "Sevilla"),
    ("Lisboa", "Porto", "Braga", "Coimbra"),
    ("São Paulo", "Rio de Janeiro", "Curitiba", "Recife"),
    ("上海", "深圳", "杭州", "成都"),
    ("Boston", "Chicago", "Austin", "Seattle"),
)
POSTCODE_HEADS = (
    ("10", "20", "50", "80"),
    ("75", "69", "13", "59"),
    ("28", "08", "46", "41"),
    ("1100-", "4000-", "4700-", "3000-"),
    ("01310-", "20040-", "80010-", "50010-"),
    ("200", "518", "310", "610"),
    ("02", "60", "78", "98"),
)
SITES = ("hamburg", "porto", "santos", "ningbo")
SITE_COUNTRIES = ("DE", "PT", "BR", "CN")
SITE_REGIONS = ("north", "south", "overseas", "east")
SITE_LEAD_DAYS = np.array([4, 5, 8, 3])
SITE_OF_COUNTRY = np.array(
    [
        [0.93, 0.06, 0.00, 0.01],
        [0.70, 0.29, 0.00, 0.01],
        [0.25, 0.74, 0.00, 0.01],
        [0.06, 0.93, 0.00, 0.01],
        [0.02, 0.10, 0.87, 0.01],
        [0.02, 0.00, 0.00, 0.98],
        [0.45, 0.20, 0.15, 0.20],
    ]
)
CARRIERS = ("northpost", "swiftbird", "greenvan", "rapido", "lotus_express")
CARRIER_OF_COUNTRY = np.array(
    [
        [0.45, 0.25, 0.30, 0.00, 0.00],
        [0.35, 0.35, 0.30, 0.00, 0.00],
        [0.20, 0.30, 0.15, 0.35, 0.00],
        [0.10, 0.25, 0.10, 0.55, 0.00],
        [0.00, 0.20, 0.00, 0.80, 0.00],
        [0.00, 0.15, 0.00, 0.00, 0.85],
        [0.20, 0.70, 0.00, 0.00, 0.10],
    ]
)
PAYMENT_METHODS = ("card", "wallet", "bank_transfer", "invoice", "boleto")
PAYMENT_OF_COUNTRY = np.array(
    [
        [0.40, 0.27, 0.10, 0.23, 0.00],
        [0.66, 0.24, 0.04, 0.06, 0.00],
        [0.62, 0.26, 0.08, 0.04, 0.00],
        [0.45, 0.25, 0.25, 0.05, 0.00],
        [0.46, 0.19, 0.00, 0.03, 0.32],
        [0.10, 0.86, 0.02, 0.02, 0.00],
        [0.72, 0.24, 0.00, 0.04, 0.00],
    ]
)
GATEWAYS = ("cardhub", "walletly", "banklink", "pagamos")
GATEWAY_OF_PAYMENT = np.array(
    [
        [0.82, 0.00, 0.00, 0.18],
        [0.00, 1.00, 0.00, 0.00],
        [0.00, 0.00, 0.90, 0.10],
        [0.00, 0.00, 1.00, 0.00],
        [0.00, 0.00, 0.00, 1.00],
    ]
)
CHANNELS = ("web", "app", "marketplace", "phone")
CHANNEL_SHARE = np.array([0.45, 0.22, 0.27, 0.06])
SOURCES = ("webshop", "marketplace", "erp")
SOURCE_OF_CHANNEL = np.array([0, 0, 1, 2])
SEGMENTS = ("new", "returning", "vip", "business")
NEW, RETURNING, VIP, BUSINESS = range(4)
SEGMENT_SHARE = np.array([0.36, 0.44, 0.08, 0.12])
GROUPS = (
    ("shoes", "fashion", 72.0), ("shirts", "fashion", 34.0), ("bags", "fashion", 88.0),
    ("cookware", "home", 46.0), ("lamps", "home", 58.0), ("textiles", "home", 29.0),
    ("headphones", "electronics", 96.0), ("chargers", "electronics", 21.0),
    ("tablets", "electronics", 265.0), ("toys", "family", 26.0), ("books", "family", 15.0),
    ("garden", "outdoor", 64.0),
)  # fmt: skip
FASHION_GROUPS = np.array([0, 1, 2])


@dataclass(frozen=True)
class Catalogue:
    """The products and customers of one shop; arrays run over SKUs and customer numbers."""

    skus: np.ndarray
    group: np.ndarray
    price: np.ndarray
    cost: np.ndarray
    weight_g: np.ndarray
    popularity: np.ndarray
    bad_data: np.ndarray
    customer_segment: np.ndarray


def catalogue_of(shop: SyntheticShop) -> Catalogue:
    """Draw products, about 1.5 times the root of the orders, and a customer for every 3 orders."""
    random = shop.random(RandomStream.CATALOGUE)
    count = int(np.clip(1.5 * shop.orders**0.5, 60, 5_000))
    group = random.integers(0, len(GROUPS), count)
    usual = np.array([price for _, _, price in GROUPS])[group]
    price = np.round(usual * random.lognormal(0, 0.4, count), 1) - 0.01
    popularity = random.permutation(1 / (np.arange(count) + 8) ** 0.85)
    return Catalogue(
        skus=np.array([f"{GROUPS[g][0][:3].upper()}-{i:04d}" for i, g in enumerate(group)]),
        group=group,
        price=price,
        cost=np.round(price * random.uniform(0.42, 0.72, count), 2),
        weight_g=np.round(random.lognormal(6.2, 0.7, count)),
        popularity=popularity / popularity.sum(),
        bad_data=random.random(count) < 0.04,
        customer_segment=random.choice(len(SEGMENTS), max(shop.orders // 3, 200), p=SEGMENT_SHARE),
    )


def products_table(shop: SyntheticShop, catalogue: Catalogue) -> pd.DataFrame:
    """One row a SKU, all known from the start."""
    count = len(catalogue.skus)
    return pd.DataFrame(
        {
            "sku": names(catalogue.skus, np.arange(count)),
            "department": names([g[1] for g in GROUPS], catalogue.group),
            "product_group": names([g[0] for g in GROUPS], catalogue.group),
            "cost": catalogue.cost,
            "unit_price": catalogue.price,
            "weight_g": catalogue.weight_g,
            "known_at": times(shop, np.zeros(count)),
        }
    )


def sites_table(shop: SyntheticShop) -> pd.DataFrame:
    """One row a warehouse, all known from the start."""
    every = np.arange(len(SITES))
    a_day = COUNTRY_SHARE @ SITE_OF_COUNTRY * shop.orders / shop.period_days
    return pd.DataFrame(
        {
            "site": names(SITES, every),
            "country": names(SITE_COUNTRIES, every),
            "region": names(SITE_REGIONS, every),
            "lead_time_days": SITE_LEAD_DAYS.astype(float),
            "capacity_units": np.ceil(a_day * 60),
            "known_at": times(shop, np.zeros(len(SITES))),
        }
    )
