//! Numbers in JSON are strings, so that nothing is rounded on the way to another language.

/// `"-3/4"`.
pub mod rational {
    use crate::expr::Rational;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Rational, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Rational, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map_err(|e| D::Error::custom(format!("number {text:?}: {e}")))
    }
}

/// `"2.50"`: the digits say both the value and the places.
pub mod decimal {
    use crate::expr::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Decimal, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(input)?;
        Decimal::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("decimal {text:?}: expected digits, point, digits")))
    }
}
