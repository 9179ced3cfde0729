package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
	"github.com/caddy-dcr/caddy-dcr/internal/token"
)

// App is the `dcr` app: it owns the gateway's state and says how credentials
// are issued. The handlers dcr_issuer, dcr_guard and dcr_proxy use it.
type App struct {
	// Issuer is the URL by which tokens and software statements name this
	// gateway (their `iss`). Required. Changing it makes everything that was
	// issued before invalid.
	Issuer string `json:"issuer,omitempty"`

	// StoreRaw is where state lives: `bolt` (the default: a file in Caddy's
	// data directory, for one gateway) or `redis` (for one or many).
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=dcr.stores inline_key=module"`

	// Tokens says how access tokens are made.
	Tokens TokenConfig `json:"tokens,omitzero"`

	// Statements says how software statements are made.
	Statements StatementConfig `json:"statements,omitzero"`

	// TrustedIssuers lists others whose software statements are accepted for
	// applications that are registered here. None by default.
	TrustedIssuers []TrustedIssuer `json:"trusted_issuers,omitempty"`

	// Programmers are on record here and not in the store, with their channels:
	// they exist on this gateway for as long as the configuration names them.
	Programmers []DeclaredProgrammer `json:"programmers,omitempty"`

	// Applications are registered here and not in the store: they exist on
	// this gateway for as long as the configuration names them.
	Applications []DeclaredApplication `json:"applications,omitempty"`

	// ResourceServers are backends that may ask about every token at the
	// introspection endpoint. None by default: a client may ask about its own.
	ResourceServers []ResourceServer `json:"resource_servers,omitempty"`

	// Staleness is how long known tokens keep passing while the store cannot
	// be asked for kills; after that every request gets 503. Default 5m. A
	// negative value stands for 0: requests pass only while the store answers
	// (its last word may be 3 seconds old).
	Staleness caddy.Duration `json:"staleness,omitempty"`

	// Guesses limits how many wrong client credentials are called wrong. On by
	// default.
	Guesses GuessConfig `json:"guesses,omitzero"`

	// Throttle limits how many requests a device may send. Absent, nothing is
	// limited; an empty object is the published limit of one a second, and ten
	// ahead of their time.
	Throttle *ThrottleConfig `json:"throttle,omitempty"`

	// Forgeries is how many forged tokens and software statements of one
	// address (an IPv4 address, or a /64 of IPv6) have their signatures
	// looked at, where that is dear, which it is with every algorithm but HS256
	// and its kin. Beyond it, tokens and statements from there that this gateway
	// does not know yet get 429; known ones pass. Default 10 in a second, 1000
	// at once.
	Forgeries LimitConfig `json:"forgeries,omitzero"`

	// Spread says when a client that is seen from many devices is told of, since
	// its credentials may have leaked. On by default.
	Spread SpreadConfig `json:"spread,omitzero"`

	// Quotas bound how many clients are registered. Off by default.
	Quotas QuotaConfig `json:"quotas,omitzero"`

	// Census is how long after a count of all clients the next begins. One
	// gateway of those that share a store counts, slowly. Default 1h, at least
	// 1s, at most 24h; a negative value stands for never.
	Census caddy.Duration `json:"census,omitempty"`

	// Reaper removes clients that nobody has used for a long time. Off by
	// default.
	Reaper ReaperConfig `json:"reaper,omitzero"`

	// ReuseRegistrations is how long a device that registers again with the
	// same statement gets the client that it has, and not another. Off by
	// default: two devices of one make, behind one address, get one client
	// together. At most 24h.
	ReuseRegistrations caddy.Duration `json:"reuse_registrations,omitempty"`

	// EnforcePlatforms refuses the registration of a device whose platform
	// is not on its application's list. Off by default, since devices
	// misreport themselves; mismatches are counted either way.
	EnforcePlatforms bool `json:"enforce_platforms,omitempty"`

	// AllowHTTP lets clients register and get tokens in clear text. For
	// development only: their secrets can be read on the way.
	AllowHTTP bool `json:"allow_http,omitempty"`

	// KeyEncryptionKey encrypts the gateway's signing keys in the store:
	// 32 bytes as base64. Use a placeholder such as {env.DCR_KEK} or
	// {file./run/secrets/dcr_kek}, so that it does not stand in the
	// configuration. Without it the keys lie in the store in the clear.
	KeyEncryptionKey string `json:"key_encryption_key,omitempty"`

	// Explain says how much is remembered of refused requests.
	Explain ExplainConfig `json:"explain,omitzero"`

	// Metrics says by which applications and platforms requests are counted.
	Metrics MetricsConfig `json:"metrics,omitzero"`

	// Events says how many of the events are raised that come with requests.
	Events EventConfig `json:"events,omitzero"`

	// NodeName names this gateway among those that share a store, in the
	// answer to a revocation. It may hold placeholders, such as {env.HOSTNAME}.
	// With a name that outlives a restart nobody waits for a process that
	// crashed; no two gateways may have the same. Default: the host's name and a
	// random suffix.
	NodeName string `json:"node_name,omitempty"`

	logger    *slog.Logger
	announcer announcer
	backing   *backing
	poolKey   string
	forget    func() // what the backing is told of this configuration
	started   bool
	// number and provisionedAt tell this configuration from newer ones.
	number        int64
	provisionedAt time.Time
	sealedBy      [sha256.Size]byte // the hash of the key that seals others
	services      *services
	cache         *token.Cache
	cacheKey      string
	tables        []string // the keys of the limits that are counted
	spreadKey     string
	breakdown     breakdown
	hide          func()     // takes the breakdown's series away
	throttle      *throttler // nil where nothing is limited
	// memory is nil where nothing is to be remembered.
	memory    *explain.Memory
	memoryKey string
	guards    []*Guard
	guardsMu  sync.Mutex
	// claimed are their prefixes.
	claimed      []string
	prefixesOnce sync.Once
	stop         context.CancelFunc
	ctx          caddy.Context
	files        []fileFacts // that the configuration names
	upkeep       sync.WaitGroup
}

// TokenConfig says how access tokens are made.
type TokenConfig struct {
	// Lifetime of an access token. Default 6h, at least 1s, at most 24h.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`
	// Format is `jwt` (the default) or `opaque`: random tokens whose state
	// is in the store only.
	Format string `json:"format,omitempty"`
	// Algorithm that signs JWTs. Default HS256, which only gateways can
	// verify and which costs least; EdDSA, ES256 or RS256 where backends
	// verify tokens themselves with the published keys.
	Algorithm string `json:"algorithm,omitempty"`
	// Audience is the `aud` of the tokens. Default: the issuer.
	Audience string `json:"audience,omitempty"`
	// CacheSize is how many known tokens a gateway remembers, at about 100
	// bytes each. Default 1000000.
	CacheSize int `json:"cache_size,omitempty"`
}

// StatementConfig says how software statements are made.
type StatementConfig struct {
	// Algorithm that signs software statements. Default RS256.
	Algorithm string `json:"algorithm,omitempty"`
}

// TrustedIssuer is somebody else whose software statements are accepted.
type TrustedIssuer struct {
	// Issuer is the exact `iss` of the statements.
	Issuer string `json:"issuer"`
	// KeyFiles hold the issuer's public keys, as PEM or as a JWK set.
	KeyFiles []string `json:"key_files"`
	// Algorithm is the only one in which the issuer signs. Default RS256.
	Algorithm string `json:"algorithm,omitempty"`
}

// ResourceServer is a backend that may ask what a token is worth.
type ResourceServer struct {
	// ID is how it names itself: letters, digits and . _ ~ -
	ID string `json:"id"`
	// Secrets are those with which it authenticates, any of them: more than
	// one while one is exchanged. 32 characters or more; use placeholders such
	// as {env.ESM_SECRET} or {file./run/secrets/esm}, so that they do not
	// stand in the configuration.
	Secrets []string `json:"secrets"`
}

// DeclaredProgrammer is a programmer that the configuration owns, with the
// channels that the configuration owns.
type DeclaredProgrammer struct {
	// ID by which applications name it.
	ID string `json:"id"`
	// Name that people read. Default: the id.
	Name string `json:"name,omitempty"`
	// Schemes are custom URI schemes that its applications inherit.
	Schemes []string `json:"schemes,omitempty"`
	// Channels that are its own.
	Channels []DeclaredChannel `json:"channels,omitempty"`
}

// DeclaredChannel is a channel of a [DeclaredProgrammer].
type DeclaredChannel struct {
	// ID by which requests and applications name it. No other channel has it,
	// in any spelling.
	ID string `json:"id"`
	// Name that people read. Default: the id.
	Name string `json:"name,omitempty"`
	// Domains that applications of the channel without domains inherit.
	Domains []string `json:"domains,omitempty"`
	// DefaultRedirectURL is where to send a viewer when nothing else says so.
	DefaultRedirectURL string `json:"default_redirect_url,omitempty"`
	// Schemes are custom URI schemes that applications of the channel inherit.
	Schemes []string `json:"schemes,omitempty"`
}

// DeclaredApplication is a registered application that the configuration owns.
type DeclaredApplication struct {
	// Name of the application.
	Name string `json:"name"`
	// ID is its UUID, which must never change: statements name it.
	ID string `json:"id"`
	// Version of the application. Default "1".
	Version string `json:"version,omitempty"`
	// Programmer is the media company that it belongs to.
	Programmer string `json:"programmer"`
	// Channels that it serves; `all` for every channel of the programmer.
	Channels []string `json:"channels"`
	// Platforms it is meant for. Default all.
	Platforms []string `json:"platforms,omitempty"`
	// Domains that redirect URIs and browser origins may lie under.
	Domains []string `json:"domains,omitempty"`
	// Schemes are custom URI schemes for the final redirect.
	Schemes []string `json:"schemes,omitempty"`
	// ProxyMVPDs on whose behalf it may act.
	ProxyMVPDs []string `json:"proxy_mvpds,omitempty"`
	// Scopes that its clients get.
	Scopes []string `json:"scopes"`
}
