package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// tokenCaches holds the tables of known tokens across reloads, by everything
// that made a token known: the state, the issuer and the audience. A reload
// that changes one of them begins with an empty table.
var tokenCaches = caddy.NewUsagePool()

type pooledCache struct {
	*token.Cache
	untrack func()
}

// Destruct implements caddy.Destructor.
func (c *pooledCache) Destruct() error {
	c.untrack()
	return nil
}

func (a *App) attachCache() error {
	a.cacheKey = fmt.Sprintf("%s|%s|%s|%d", a.poolKey, a.Issuer, a.Tokens.Audience, a.Tokens.CacheSize)
	value, _, err := tokenCaches.LoadOrNew(a.cacheKey, func() (caddy.Destructor, error) {
		cache := token.NewCache(a.Tokens.CacheSize, a.backing.replica.Now)
		return &pooledCache{Cache: cache, untrack: metricsOf.TrackTokenCache(cache.Len, a.Tokens.CacheSize)}, nil
	})
	if err != nil {
		return err
	}
	a.cache = value.(*pooledCache).Cache
	return nil
}
