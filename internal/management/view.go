package management

import (
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Application is how an application is shown.
type Application struct {
	ID            uuid.UUID `json:"id"`
	Name          string    `json:"name"`
	Version       string    `json:"version"`
	Programmer    string    `json:"programmer"`
	Level         string    `json:"level"`
	Type          string    `json:"type"`
	AllChannels   bool      `json:"all_channels"`
	Channels      []string  `json:"channels"`
	AllPlatforms  bool      `json:"all_platforms"`
	Platforms     []string  `json:"platforms"`
	Domains       []string  `json:"domains"`
	CustomSchemes []string  `json:"custom_schemes"`
	ProxyMVPDs    []string  `json:"proxy_mvpds"`
	Scopes        []string  `json:"scopes"`
	// RecordedChannelsOnly narrows all channels to those on record.
	RecordedChannelsOnly bool      `json:"recorded_channels_only,omitempty"`
	CreatedAt            time.Time `json:"created_at,omitzero"`
	CreatedBy            string    `json:"created_by,omitempty"`
	// Predecessor is the application of which this is a new version.
	Predecessor uuid.UUID `json:"predecessor,omitzero"`
	// Successors are its own new versions; lists leave them out.
	Successors []uuid.UUID `json:"successors,omitempty"`
	// Version of the record, which changes once: when it is revoked.
	RecordVersion string `json:"record_version,omitempty"`
	// Declared applications belong to the configuration, not to the store.
	Declared bool `json:"declared"`
	// ManagedBy names the manifest that the application belongs to, if one
	// does, and ManagedKey is how that calls it, through all its versions.
	ManagedBy  string `json:"managed_by,omitempty"`
	ManagedKey string `json:"managed_key,omitempty"`
	// Clients is what the last census counted; lists leave it out.
	Clients *ClientCount `json:"clients,omitempty"`
	Revoked bool         `json:"revoked"`
	// Revocation tells when, by whom and why; lists leave it out.
	Revocation *Kill `json:"revocation,omitempty"`
}

// Applications is a part of a list; the cursor is empty when it was the last.
type Applications struct {
	Applications []Application `json:"applications"`
	Cursor       string        `json:"cursor,omitempty"`
}

// Statement is how the record of a software statement is shown.
type Statement struct {
	ID            uuid.UUID `json:"id"`
	ApplicationID uuid.UUID `json:"application_id"`
	IssuedAt      time.Time `json:"issued_at"`
	IssuedBy      string    `json:"issued_by,omitempty"`
	KeyID         string    `json:"key_id"`
	// StoppedBy names the kind of kill that ended it, if one did.
	StoppedBy string `json:"stopped_by,omitempty"`
}

// IssuedStatement is a new statement; the JWT is not kept anywhere.
type IssuedStatement struct {
	Statement
	JWT string `json:"software_statement"`
}

// StatementList is a part of the list of one application's statements; the
// cursor is empty when it was the last.
type StatementList struct {
	Statements []Statement `json:"statements"`
	Cursor     string      `json:"cursor,omitempty"`
}

// Client is how a client is shown, which is never with its secret.
type Client struct {
	ID              uuid.UUID `json:"id"`
	ApplicationID   uuid.UUID `json:"application_id"`
	ApplicationName string    `json:"application_name,omitempty"`
	Programmer      string    `json:"programmer,omitempty"`
	StatementID     uuid.UUID `json:"statement_id"`
	// StatementIssuer is who signed its statement.
	StatementIssuer string `json:"statement_issuer,omitempty"`
	Platform        string `json:"platform,omitempty"`
	// AuthMethod is private_key_jwt for a client that has a key, and else left
	// out.
	AuthMethod   string    `json:"auth_method,omitempty"`
	RedirectURIs []string  `json:"redirect_uris"`
	CreatedAt    time.Time `json:"created_at"`
	// LastUsed is the last day (UTC) on which it registered or got a token.
	LastUsed string `json:"last_used"`
	// StoppedBy names the widest kind of kill that stops it, if one does.
	StoppedBy string `json:"stopped_by,omitempty"`
	// Kills lists everything that stops it; lists leave it out.
	Kills []Kill `json:"kills,omitempty"`
}

// Clients is a part of a list; the cursor is empty when it was the last.
type Clients struct {
	Clients []Client `json:"clients"`
	Cursor  string   `json:"cursor,omitempty"`
}

// Kill is how a thrown kill switch is shown.
type Kill struct {
	Kind      string    `json:"kind"`
	ID        string    `json:"id"`
	At        time.Time `json:"at,omitzero"`
	Reason    string    `json:"reason,omitempty"`
	By        string    `json:"by,omitempty"`
	LiftedAt  time.Time `json:"lifted_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Kills is a part of a list; the cursor is empty when it was the last.
type Kills struct {
	Kills  []Kill `json:"kills"`
	Cursor string `json:"cursor,omitempty"`
}

// Revocation is what came of throwing a kill switch or putting it back.
type Revocation struct {
	Kill Kill `json:"kill"`
	// Already says that the switch was thrown before; that kill stands.
	Already bool `json:"already,omitempty"`
	// Applied says that every gateway that reports has applied it.
	Applied bool `json:"applied"`
	// Nodes lists the gateways, and how long each took.
	Nodes []state.NodeState `json:"nodes"`
}

func applicationView(a *application.Application) Application {
	return Application{
		ID: a.ID, Name: a.Name, Version: a.Version, Programmer: a.Programmer,
		Level: string(a.Level), Type: a.Type,
		AllChannels: a.AllChannels, Channels: list(a.Channels),
		AllPlatforms: a.AllPlatforms, Platforms: list(a.Platforms),
		Domains: list(a.Domains), CustomSchemes: list(a.CustomSchemes), ProxyMVPDs: list(a.ProxyMVPDs),
		Scopes: list(a.Scopes.Values()), CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, Declared: a.Declared,
		ManagedBy: a.ManagedBy, ManagedKey: a.ManagedKey,
		RecordedChannelsOnly: a.OnlyRecorded, Predecessor: a.Predecessor, RecordVersion: state.ApplicationVersion(a),
	}
}

// revoked notes that the application was; its kill may be left out.
func (a *Application) revoked(kill *Kill) {
	a.Revoked, a.Revocation = true, kill
	a.RecordVersion += "-revoked"
}

func killView(k state.Kill) Kill {
	return Kill{
		Kind: string(k.Kind), ID: k.ID, At: moment(k.At), Reason: k.Reason, By: k.By,
		LiftedAt: moment(k.LiftedAt), ExpiresAt: moment(k.ExpiresAt),
	}
}

// list is never null in JSON.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}

// moment reads Unix milliseconds, of which zero is never.
func moment(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}
