package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const applicationPrefix = plugins.ReplicaPrefix + "a/"

// applicationRecord is an application as it is stored.
type applicationRecord struct {
	ID            uuid.UUID `cbor:"1,keyasint"`
	Name          string    `cbor:"2,keyasint"`
	Version       string    `cbor:"3,keyasint"`
	Programmer    string    `cbor:"4,keyasint"`
	Level         string    `cbor:"5,keyasint"`
	Type          string    `cbor:"6,keyasint"`
	AllChannels   bool      `cbor:"7,keyasint,omitempty"`
	Channels      []string  `cbor:"8,keyasint,omitempty"`
	AllPlatforms  bool      `cbor:"9,keyasint,omitempty"`
	Platforms     []string  `cbor:"10,keyasint,omitempty"`
	Domains       []string  `cbor:"11,keyasint,omitempty"`
	CustomSchemes []string  `cbor:"12,keyasint,omitempty"`
	ProxyMVPDs    []string  `cbor:"13,keyasint,omitempty"`
	Scopes        []string  `cbor:"14,keyasint,omitempty"`
	CreatedAt     int64     `cbor:"15,keyasint"`
	CreatedBy     string    `cbor:"16,keyasint,omitempty"`
	Predecessor   uuid.UUID `cbor:"17,keyasint,omitzero"`
	OnlyRecorded  bool      `cbor:"18,keyasint,omitempty"`
	ManagedBy     string    `cbor:"19,keyasint,omitempty"`
	ManagedKey    string    `cbor:"20,keyasint,omitempty"`
	ManagedAs     []byte    `cbor:"21,keyasint,omitempty"`
}

// managedFields are the numbers of the fields that an application's mark has.
const managedByField, managedKeyField, managedAsField = 19, 20, 21

func encodeApplication(a *application.Application) ([]byte, error) {
	return encode(kindApplication, applicationRecord{
		ID: a.ID, Name: a.Name, Version: a.Version, Programmer: a.Programmer,
		Level: string(a.Level), Type: a.Type,
		AllChannels: a.AllChannels, Channels: a.Channels,
		AllPlatforms: a.AllPlatforms, Platforms: a.Platforms,
		Domains: a.Domains, CustomSchemes: a.CustomSchemes, ProxyMVPDs: a.ProxyMVPDs,
		Scopes: a.Scopes.Values(), CreatedAt: a.CreatedAt.UnixMilli(), CreatedBy: a.CreatedBy,
		Predecessor: a.Predecessor, OnlyRecorded: a.OnlyRecorded,
		ManagedBy: a.ManagedBy, ManagedKey: a.ManagedKey, ManagedAs: a.ManagedAs,
	})
}

func decodeApplication(key string, value []byte) (*application.Application, error) {
	var r applicationRecord
	if err := decode(kindApplication, value, &r); err != nil {
		return nil, fmt.Errorf("application %q: %w", key, err)
	}
	if applicationKey(r.ID) != key {
		return nil, fmt.Errorf("application %q: the record is of %s: %w", key, r.ID, plugins.ErrUnavailable)
	}
	scopes, err := scope.New(r.Scopes...)
	if err != nil {
		return nil, fmt.Errorf("application %q: %w: %w", key, err, plugins.ErrUnavailable)
	}
	return &application.Application{
		ID: r.ID, Name: r.Name, Version: r.Version, Programmer: r.Programmer,
		Level: application.Level(r.Level), Type: r.Type,
		AllChannels: r.AllChannels, Channels: r.Channels,
		AllPlatforms: r.AllPlatforms, Platforms: r.Platforms,
		Domains: r.Domains, CustomSchemes: r.CustomSchemes, ProxyMVPDs: r.ProxyMVPDs,
		Scopes: scopes, CreatedAt: time.UnixMilli(r.CreatedAt).UTC(), CreatedBy: r.CreatedBy,
		Predecessor: r.Predecessor, OnlyRecorded: r.OnlyRecorded,
		ManagedBy: r.ManagedBy, ManagedKey: r.ManagedKey, ManagedAs: r.ManagedAs,
	}, nil
}

func applicationKey(id uuid.UUID) string { return applicationPrefix + id.String() }

// ApplicationWrite is the write that creates an application.
func ApplicationWrite(a *application.Application) (plugins.Write, error) {
	value, err := encodeApplication(a)
	return plugins.Write{Key: applicationKey(a.ID), Value: value, If: plugins.IfAbsent}, err
}

// ApplicationVersion tells one application's record from every other.
func ApplicationVersion(a *application.Application) string {
	value, err := encodeApplication(a)
	if err != nil {
		return "" // what was stored once can be written again
	}
	return VersionOf(value)
}

// CreateApplication stores a new application, for all gateways, and answers
// its place in the feed. It returns [ErrExists] when the id is taken.
func (r Records) CreateApplication(ctx context.Context, a *application.Application) (plugins.Position, error) {
	w, err := ApplicationWrite(a)
	if err != nil {
		return plugins.Position{}, err
	}
	position, err := r.Store.Append(ctx, w)
	if errors.Is(err, plugins.ErrConflict) {
		return plugins.Position{}, fmt.Errorf("application %s: %w", a.ID, ErrExists)
	}
	return position, err
}

// MarkApplication says how the application becomes a manifest's, or nobody's.
// All else of its record stays as it is, also what a later version of the
// gateway wrote into it.
func (r Records) MarkApplication(ctx context.Context, a *application.Application, o application.Origin) (*application.Application, plugins.Write, error) {
	key := applicationKey(a.ID)
	raw, err := getOne(ctx, r.Store, key)
	if err != nil {
		return nil, plugins.Write{}, fmt.Errorf("application %s: %w", a.ID, err)
	}
	var fields map[int]cbor.RawMessage
	if err := decode(kindApplication, raw, &fields); err != nil {
		return nil, plugins.Write{}, fmt.Errorf("application %s: %w", a.ID, err)
	}
	delete(fields, managedByField)
	delete(fields, managedKeyField)
	delete(fields, managedAsField)
	if o.Manifest != "" {
		for field, value := range map[int]any{managedByField: o.Manifest, managedKeyField: o.Key, managedAsField: o.Said} {
			if fields[field], err = encoder.Marshal(value); err != nil {
				return nil, plugins.Write{}, err
			}
		}
	}
	value, err := encode(kindApplication, fields)
	marked := *a
	marked.Mark(o)
	return &marked, plugins.Write{Key: key, Value: value, If: plugins.IfEqual, Old: raw}, err
}
