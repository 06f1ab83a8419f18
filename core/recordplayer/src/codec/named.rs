//! Splits a variant into its name and its content, and joins them again.

use serde::de::{self, DeserializeOwned, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use serde::ser::{self, Impossible, Serialize, SerializeStructVariant};

use super::{CodecError, check_payload};
use crate::name::snake_case;

/// The snake-case name and the payload of one variant of an enum.
///
/// Variants must have named fields (`Archived {}`, never `Archived`), or hold one struct. Anything else is refused, for it could not grow.
pub fn encode_named<T: Serialize>(value: &T) -> Result<(String, Vec<u8>), CodecError> {
    let mut payload = Vec::new();
    let variant = value.serialize(Splitter { payload: &mut payload })?;
    check_payload(&payload)?;
    Ok((snake_case(variant), payload))
}

/// The value whose variant has this snake-case name and this payload.
pub fn decode_named<T: DeserializeOwned>(name: &str, payload: &[u8]) -> Result<T, CodecError> {
    T::deserialize(Joiner { name, payload })
}

impl ser::Error for CodecError {
    fn custom<M: std::fmt::Display>(message: M) -> Self {
        Self::Encode(message.to_string())
    }
}

impl de::Error for CodecError {
    fn custom<M: std::fmt::Display>(message: M) -> Self {
        Self::Decode(message.to_string())
    }

    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Self::UnknownVariant(variant.to_owned())
    }
}

struct Splitter<'a> {
    payload: &'a mut Vec<u8>,
}

/// Writes the fields of a struct variant as the map that the struct alone would be.
struct Fields<'a> {
    variant: &'static str,
    values: Vec<(&'static str, ciborium::Value)>,
    payload: &'a mut Vec<u8>,
}

impl SerializeStructVariant for Fields<'_> {
    type Ok = &'static str;
    type Error = CodecError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), CodecError> {
        let value = ciborium::Value::serialized(value).map_err(|error| CodecError::Encode(error.to_string()))?;
        self.values.push((key, value));
        Ok(())
    }

    fn end(self) -> Result<&'static str, CodecError> {
        let values =
            self.values.into_iter().map(|(key, value)| (ciborium::Value::Text(key.to_owned()), value)).collect();
        ciborium::into_writer(&ciborium::Value::Map(values), self.payload)
            .map_err(|error| CodecError::Encode(error.to_string()))?;
        Ok(self.variant)
    }
}

fn not_an_enum<T>(what: &str) -> Result<T, CodecError> {
    Err(CodecError::Encode(format!("{what}: commands, events and refusals are enums whose variants have named fields")))
}

macro_rules! refuse {
    ($($method:ident($($type:ty),*) = $what:literal;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<&'static str, CodecError> { not_an_enum($what) }
    )*};
}

impl<'a> ser::Serializer for Splitter<'a> {
    type Ok = &'static str;
    type Error = CodecError;
    type SerializeSeq = Impossible<&'static str, CodecError>;
    type SerializeTuple = Impossible<&'static str, CodecError>;
    type SerializeTupleStruct = Impossible<&'static str, CodecError>;
    type SerializeTupleVariant = Impossible<&'static str, CodecError>;
    type SerializeMap = Impossible<&'static str, CodecError>;
    type SerializeStruct = Impossible<&'static str, CodecError>;
    type SerializeStructVariant = Fields<'a>;

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields<'a>, CodecError> {
        Ok(Fields { variant, values: Vec::with_capacity(length), payload: self.payload })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<&'static str, CodecError> {
        ciborium::into_writer(value, self.payload).map_err(|error| CodecError::Encode(error.to_string()))?;
        Ok(variant)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<&'static str, CodecError> {
        not_an_enum(&format!(
            "write `{variant} {{}}` in {name}, never a bare unit variant, or it can never gain a field"
        ))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, CodecError> {
        not_an_enum(&format!("{name}::{variant} is a tuple variant"))
    }

    refuse! {
        serialize_bool(bool) = "a bool"; serialize_i8(i8) = "a number"; serialize_i16(i16) = "a number";
        serialize_i32(i32) = "a number"; serialize_i64(i64) = "a number"; serialize_u8(u8) = "a number";
        serialize_u16(u16) = "a number"; serialize_u32(u32) = "a number"; serialize_u64(u64) = "a number";
        serialize_f32(f32) = "a float"; serialize_f64(f64) = "a float"; serialize_char(char) = "a character";
        serialize_str(&str) = "a text"; serialize_bytes(&[u8]) = "bytes"; serialize_none() = "an Option";
        serialize_unit() = "a unit"; serialize_unit_struct(&'static str) = "a unit struct";
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<&'static str, CodecError> {
        not_an_enum("an Option")
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<&'static str, CodecError> {
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, CodecError> {
        not_an_enum("a sequence")
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, CodecError> {
        not_an_enum("a tuple")
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, CodecError> {
        not_an_enum("a tuple struct")
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, CodecError> {
        not_an_enum("a map")
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeStruct, CodecError> {
        not_an_enum(name)
    }
    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Joiner<'de> {
    name: &'de str,
    payload: &'de [u8],
}

impl<'de> Deserializer<'de> for Joiner<'de> {
    type Error = CodecError;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        let variant = variants.iter().find(|variant| snake_case(variant) == self.name).copied();
        let Some(variant) = variant else { return Err(CodecError::UnknownVariant(self.name.to_owned())) };
        visitor.visit_enum(Variant { variant, payload: self.payload })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, CodecError> {
        Err(CodecError::Decode("a record's content is an enum".to_owned()))
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct Variant<'de> {
    variant: &'static str,
    payload: &'de [u8],
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = CodecError;
    type Variant = Self;

    fn variant_seed<S: de::DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), CodecError> {
        let variant: de::value::StrDeserializer<'static, CodecError> = self.variant.into_deserializer();
        Ok((seed.deserialize(variant)?, self))
    }
}

impl<'de> Variant<'de> {
    fn content<T>(
        &self,
        read: impl FnOnce(&mut minicbor_serde::Deserializer<'de>) -> Result<T, minicbor_serde::error::DecodeError>,
    ) -> Result<T, CodecError> {
        let mut deserializer = minicbor_serde::Deserializer::new(self.payload);
        let value = read(&mut deserializer).map_err(|error| CodecError::Decode(error.to_string()))?;
        let trailing = self.payload.len() - deserializer.decoder().position();
        if trailing == 0 { Ok(value) } else { Err(CodecError::Decode(format!("{trailing} bytes too many"))) }
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = CodecError;

    fn unit_variant(self) -> Result<(), CodecError> {
        Err(CodecError::Decode(format!("{} is a bare unit variant; write `{} {{}}`", self.variant, self.variant)))
    }

    fn newtype_variant_seed<S: de::DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, CodecError> {
        self.content(|deserializer| seed.deserialize(deserializer))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, CodecError> {
        Err(CodecError::Decode(format!("{} is a tuple variant", self.variant)))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.content(|deserializer| deserializer.deserialize_struct("", fields, visitor))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Event {
        Renamed { title: String },
        MovedTo { column: u8, before: Option<u8> },
        Archived {},
        Written(Text),
        Bare,
        Pair(u8, u8),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Text {
        text: String,
    }

    #[test]
    fn a_variant_is_split_into_name_and_content_and_joined_again() {
        for (event, name) in [
            (Event::Renamed { title: "a".into() }, "renamed"),
            (Event::MovedTo { column: 1, before: None }, "moved_to"),
            (Event::Archived {}, "archived"),
            (Event::Written(Text { text: "b".into() }), "written"),
        ] {
            let (found, payload) = encode_named(&event).unwrap();
            assert_eq!(found, name);
            assert_eq!(decode_named::<Event>(name, &payload).unwrap(), event);
        }
    }

    #[test]
    fn variants_that_could_never_grow_are_refused() {
        assert!(encode_named(&Event::Bare).unwrap_err().to_string().contains("Bare {}"));
        assert!(encode_named(&Event::Pair(1, 2)).is_err());
        assert!(encode_named(&3).is_err());
    }

    #[test]
    fn an_unknown_variant_is_told_apart_from_damage() {
        assert_eq!(decode_named::<Event>("painted", &[0xa0]), Err(CodecError::UnknownVariant("painted".into())));
        assert!(matches!(decode_named::<Event>("renamed", &[0xa0]), Err(CodecError::Decode(_))));
        assert!(matches!(decode_named::<Event>("archived", &[0xa0, 0]), Err(CodecError::Decode(_))));
    }
}
