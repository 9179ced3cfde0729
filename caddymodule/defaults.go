package caddymodule

import (
	"fmt"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

const (
	defaultLifetime  = 6 * time.Hour
	longestLifetime  = token.LongestLifetime
	defaultStaleness = 5 * time.Minute
	// shortestStaleness stands for an operator's 0: the replica hears from a
	// healthy store at least once a second, and a pause of three is no longer
	// health.
	shortestStaleness = 3 * time.Second
	defaultCacheSize  = 1_000_000
	leeway            = 60 * time.Second

	formatJWT    = "jwt"
	formatOpaque = "opaque"
)

// defaults fills in what was left out and refuses what cannot be.
func (a *App) defaults() error {
	issuer, err := url.Parse(a.Issuer)
	if a.Issuer == "" || err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" ||
		(issuer.Scheme != "https" && (issuer.Scheme != "http" || !a.AllowHTTP)) {
		return fmt.Errorf("issuer: got %q, want an https URL without query, such as https://sp.auth.example.com "+
			"(http only with allow_http)", a.Issuer)
	}
	if a.Tokens.Lifetime == 0 {
		a.Tokens.Lifetime = caddy.Duration(defaultLifetime)
	}
	if d := time.Duration(a.Tokens.Lifetime); d < time.Second || d > longestLifetime {
		return fmt.Errorf("tokens: lifetime: got %s, want %s to %s", d, time.Second, longestLifetime)
	}
	switch a.Tokens.Format {
	case "":
		a.Tokens.Format = formatJWT
	case formatJWT, formatOpaque:
	default:
		return fmt.Errorf("tokens: format: got %q, want %s or %s", a.Tokens.Format, formatJWT, formatOpaque)
	}
	if err := algorithm(&a.Tokens.Algorithm, jws.HS256); err != nil {
		return fmt.Errorf("tokens: algorithm: %w", err)
	}
	if err := algorithm(&a.Statements.Algorithm, jws.RS256); err != nil {
		return fmt.Errorf("statements: algorithm: %w", err)
	}
	if err := a.Explain.defaults(); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	if a.Tokens.Audience == "" {
		a.Tokens.Audience = a.Issuer
	}
	if a.Tokens.CacheSize == 0 {
		a.Tokens.CacheSize = defaultCacheSize
	}
	switch {
	case a.Staleness == 0:
		a.Staleness = caddy.Duration(defaultStaleness)
	case time.Duration(a.Staleness) < shortestStaleness:
		a.Staleness = caddy.Duration(shortestStaleness)
	}
	return nil
}

func algorithm(name *string, fallback jws.Algorithm) error {
	if *name == "" {
		*name = string(fallback)
	}
	parsed, err := jws.ParseAlgorithm(*name)
	*name = string(parsed)
	return err
}
