// Package caddymodule makes the gateway a guest of Caddy: it is the only room
// that speaks Caddy as its host.
package caddymodule
