//! The server about itself: config, settings, status, log, metrics.

pub(crate) mod config;

use serde_json::{Value, json};

use super::access::{Action, Resource};
use super::reply::{Answer, HTML, Refusal, Reply, TEXT};
use super::request::Call;
use super::routes::Route;
use super::time;
use super::words::Message;
use super::world::World;

/// Routes about the server.
pub(crate) const ROUTES: &[Route] = &[
    Route::json("GET", "/api/v1/status", "status", status),
    Route::json("GET", "/health", "health", health),
    Route::json("GET", "/", "page", page),
    Route::json("GET", "/api/v1/config", "config", config::get),
    Route::json("GET", "/api/v1/config/options", "config_options", config::options),
    Route::json("GET", "/api/v1/settings", "settings_get", settings),
    Route::json("POST", "/api/v1/settings", "settings_save", save_settings),
    Route::json("GET", "/api/v1/errors", "errors", errors),
    Route::json("DELETE", "/api/v1/errors", "errors_clear", clear_errors),
    Route::json("GET", "/api/v1/metrics", "metrics", metrics),
];

fn status(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::ok(&json!({ "status": "operational" })))
}

fn health(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::text(200, TEXT, "OK").header("access-control-allow-origin", "*"))
}

/// The web page is not there, only the way to its sign-in.
fn page(_: &mut World, call: &Call) -> Answer {
    let base = url::Url::parse(&call.site).map(|url| url.path().trim_end_matches('/').to_owned());
    let location = format!("{}/library/login", base.unwrap_or_default());
    let text = format!("<a href=\"{location}\">Temporary Redirect</a>.\n\n");
    Ok(Reply::text(307, HTML, text).header("location", location))
}

fn settings(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Settings, &[Action::View])?;
    Ok(Reply::ok(world.settings.value()))
}

fn save_settings(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Settings, &[Action::Update])?;
    world.settings.merge(&call.object()?)?;
    tell_config(world, call);
    Ok(Reply::ok(world.settings.value()))
}

/// Tells the websockets the whole config, which follows almost every change.
pub(crate) fn tell_config(world: &mut World, call: &Call) {
    if world.events.heard()
        && let Some(session) = world.session_of(call)
    {
        let config = config::of_session(world, call, &session);
        world.events.publish("config.updated", json!({ "config": config }));
    }
}

fn errors(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Logs, &[Action::View])?;
    let limit = call.query.int("count")?.unwrap_or(0);
    let count = usize::try_from(limit).unwrap_or(0);
    let (sent_offset, offset) = call.query.offset()?;
    let wanted = call.query.get("q").to_lowercase();
    let lines: Vec<Value> = world
        .log_lines()
        .iter()
        .rev()
        .filter(|line| line.message.to_lowercase().contains(&wanted))
        .skip(offset)
        .take(count)
        .map(|line| json!({ "ID": line.id, "Time": time::write(line.time), "Level": line.level, "Message": line.message }))
        .collect();
    Ok(Reply::ok(&lines).counted(lines.len(), limit, sent_offset))
}

fn clear_errors(world: &mut World, call: &Call) -> Answer {
    if call.switches.public {
        return Err(Refusal::new(403, Message::Public));
    }
    world.authorize(call, Resource::Logs, &[Action::Delete])?;
    world.clear_log();
    Ok(Reply::message(world.say(Message::PermanentlyDeleted)))
}

fn metrics(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Metrics, &[Action::View])?;
    let counts = config::counts(world);
    let mut text =
        "# HELP photoprism_build_info PhotoPrism build info.\n# TYPE photoprism_build_info gauge\n".to_owned();
    text.push_str(&format!(
        "photoprism_build_info{{edition=\"ce\",goversion=\"go1.22.7\",version=\"{}\"}} 1\n",
        call.switches.version()
    ));
    text.push_str(
        "# HELP photoprism_statistics_media_count media statistics for this photoprism instance\n\
         # TYPE photoprism_statistics_media_count gauge\n",
    );
    for stat in ["albums", "all", "files", "folders", "photos", "videos"] {
        text.push_str(&format!(
            "photoprism_statistics_media_count{{stat=\"{stat}\"}} {}\n",
            counts[stat]
        ));
    }
    Ok(Reply::text(200, TEXT, text))
}
