// Package load measures what the gateway adds to a proxied request, and what it
// costs to issue and to refuse, beside the same Caddy without it.
package load
