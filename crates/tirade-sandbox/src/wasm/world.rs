//! All that an instance can reach: its output, and answers that are the same on every machine.
//!
//! CPython is compiled for WASI, so it imports WASI's functions. None of them is the real one. The few that a harmless cell meets are
//! defined here on [`Host`], which holds no file, socket or descriptor; every other one ends the call.

use super::host::{BIRTH, Host};
use crate::backend::Ended;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component, ComponentType, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmList,
};
use wasmtime::{Result, StoreContextMut};

/// Bytes or handles that one call of an import may take or give.
const PART: u64 = 64 << 10;

/// How many imports were defined, and how many end the call.
#[derive(Default)]
pub(super) struct Given {
    pub defined: usize,
    pub refused: usize,
}

type View<'a> = StoreContextMut<'a, Host>;
type Place<'a> = LinkerInstance<'a, Host>;
/// A handle says nothing but which stream it is, if it is one.
type Handle = Resource<()>;
/// What functions on streams give.
type Streamed<T> = Result<(Result<T, StreamError>,)>;

#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[allow(dead_code, reason = "part of WASI's type; nothing here fails so")]
    Failed(Handle),
    #[component(name = "closed")]
    Closed,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// Defines what a component imports.
pub(super) fn define(linker: &mut Linker<Host>, component: &Component) -> Result<Given> {
    let engine = component.engine().clone();
    let mut given = Given::default();
    for (interface, item) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        let mut place = linker.instance(interface)?;
        let name = interface.split('@').next().unwrap_or_default();
        for (function, item) in instance.exports(&engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) if answers(&mut place, name, function)? => given.defined += 1,
                ComponentItem::ComponentFunc(_) => given.refused += 1,
                ComponentItem::Resource(_) => resource(&mut place, function)?,
                _ => {}
            }
        }
    }
    linker.define_unknown_imports_as_traps(component)?;
    Ok(given)
}

fn resource(place: &mut Place, name: &str) -> Result<()> {
    place.resource(name, ResourceType::host::<()>(), |mut view, _| {
        view.data_mut().take_handle_back();
        Ok(())
    })
}

/// Whether a function is one of those that answer; then it is defined.
fn answers(place: &mut Place, interface: &str, name: &str) -> Result<bool> {
    match interface.strip_prefix("wasi:").unwrap_or_default() {
        "cli/environment" | "cli/exit" | "filesystem/preopens" => surroundings(place, name),
        "cli/stdin" | "cli/stdout" | "cli/stderr" => standard(place, name),
        "cli/terminal-stdin" | "cli/terminal-stdout" | "cli/terminal-stderr" => {
            place.func_wrap(name, |_: View, ()| Ok((None::<Handle>,))).map(|()| true)
        }
        "clocks/wall-clock" => wall_clock(place, name),
        "clocks/monotonic-clock" => steady_clock(place, name),
        "io/poll" => poll(place, name),
        "io/streams" => stream(place, name),
        "random/random" | "random/insecure" | "random/insecure-seed" => random(place, name),
        _ => Ok(false),
    }
}

/// No environment, no arguments, no folders; and a way to end itself.
fn surroundings(place: &mut Place, name: &str) -> Result<bool> {
    match name {
        "get-environment" => place.func_wrap(name, |_: View, ()| Ok((Vec::<(String, String)>::new(),))),
        "get-arguments" => place.func_wrap(name, |_: View, ()| Ok((Vec::<String>::new(),))),
        "initial-cwd" => place.func_wrap(name, |_: View, ()| Ok((None::<String>,))),
        "get-directories" => place.func_wrap(name, |_: View, ()| Ok((Vec::<(Handle, String)>::new(),))),
        "exit" => place.func_wrap(name, |mut view: View, (_,): (Result<(), ()>,)| -> Result<()> {
            Err(view.data_mut().end(Ended::Crashed("the interpreter ended itself".into())))
        }),
        _ => return Ok(false),
    }
    .map(|()| true)
}

fn standard(place: &mut Place, name: &str) -> Result<bool> {
    let number = match name {
        "get-stdin" => 0,
        "get-stdout" => 1,
        "get-stderr" => 2,
        _ => return Ok(false),
    };
    place.func_wrap(name, move |view: View, ()| handle(view, number)).map(|()| true)
}

fn handle(mut view: View, number: u32) -> Result<(Handle,)> {
    view.data_mut().give_handle()?;
    Ok((Resource::new_own(number),))
}

fn wall_clock(place: &mut Place, name: &str) -> Result<bool> {
    let shown = |nanoseconds: u64| Datetime {
        seconds: BIRTH + nanoseconds / 1_000_000_000,
        nanoseconds: (nanoseconds % 1_000_000_000) as u32,
    };
    match name {
        "now" => place.func_wrap(name, move |mut view: View, ()| Ok((shown(view.data_mut().tell()),))),
        "resolution" => place.func_wrap(name, move |_: View, ()| Ok((shown(1),))),
        _ => return Ok(false),
    }
    .map(|()| true)
}

fn steady_clock(place: &mut Place, name: &str) -> Result<bool> {
    match name {
        "now" => place.func_wrap(name, |mut view: View, ()| Ok((view.data_mut().tell(),))),
        "resolution" => place.func_wrap(name, |_: View, ()| Ok((1u64,))),
        "subscribe-duration" => place.func_wrap(name, |mut view: View, (time,): (u64,)| {
            view.data_mut().sleep(time);
            handle(view, 0)
        }),
        "subscribe-instant" => place.func_wrap(name, |mut view: View, (instant,): (u64,)| {
            let now = view.data_mut().tell();
            view.data_mut().sleep(instant.saturating_sub(now));
            handle(view, 0)
        }),
        _ => return Ok(false),
    }
    .map(|()| true)
}

/// Whatever is waited for has happened.
fn poll(place: &mut Place, name: &str) -> Result<bool> {
    match name {
        "[method]pollable.ready" => place.func_wrap(name, |_: View, (_,): (Handle,)| Ok((true,))),
        "[method]pollable.block" => place.func_wrap(name, |_: View, (_,): (Handle,)| Ok(())),
        "poll" => place.func_wrap(name, |_: View, (waiting,): (WasmList<Handle>,)| {
            Ok(((0..waiting.len().min(PART as usize) as u32).collect::<Vec<u32>>(),))
        }),
        _ => return Ok(false),
    }
    .map(|()| true)
}

/// Output is kept up to its cap; input is at its end.
fn stream(place: &mut Place, name: &str) -> Result<bool> {
    match name {
        "[method]output-stream.check-write" => {
            place.func_wrap(name, |_: View, (_,): (Handle,)| -> Streamed<u64> { Ok((Ok(PART),)) })
        }
        "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => place
            .func_wrap(name, |view: View, (stream, bytes): (Handle, WasmList<u8>)| {
                write(view, &stream, &bytes)
            }),
        "[method]output-stream.flush" | "[method]output-stream.blocking-flush" => {
            place.func_wrap(name, |_: View, (_,): (Handle,)| -> Streamed<()> { Ok((Ok(()),)) })
        }
        "[method]input-stream.read" | "[method]input-stream.blocking-read" => place
            .func_wrap(name, |_: View, (_, _): (Handle, u64)| -> Streamed<Vec<u8>> {
                Ok((Err(StreamError::Closed),))
            }),
        "[method]output-stream.subscribe" | "[method]input-stream.subscribe" => {
            place.func_wrap(name, |view: View, (_,): (Handle,)| handle(view, 0))
        }
        _ => return Ok(false),
    }
    .map(|()| true)
}

fn write(mut view: View, stream: &Handle, bytes: &WasmList<u8>) -> Streamed<()> {
    // Looked at in parts, so that what does not fit is neither copied nor kept.
    let mut done = 0;
    while done < bytes.len() {
        let part = &bytes.as_le_slice(&view)[done..];
        let part = part[..part.len().min(PART as usize)].to_vec();
        done += part.len();
        view.data_mut().write(stream.rep(), &part)?;
    }
    Ok((Ok(()),))
}

fn random(place: &mut Place, name: &str) -> Result<bool> {
    match name {
        "get-random-u64" | "get-insecure-random-u64" => {
            place.func_wrap(name, |mut view: View, ()| Ok((view.data_mut().draw(),)))
        }
        "get-random-bytes" | "get-insecure-random-bytes" => {
            place.func_wrap(name, |mut view: View, (count,): (u64,)| {
                if count > PART {
                    let why = format!("the interpreter asked for {count} random bytes at once");
                    return Err(view.data_mut().end(Ended::Crashed(why)));
                }
                Ok(((0..count).map(|_| view.data_mut().draw() as u8).collect::<Vec<u8>>(),))
            })
        }
        "insecure-seed" => place
            .func_wrap(name, |mut view: View, ()| Ok(((view.data_mut().draw(), view.data_mut().draw()),))),
        _ => return Ok(false),
    }
    .map(|()| true)
}
