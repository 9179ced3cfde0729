package state

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// auditHeadKey is where the end of the chain stands, beside the records
	// that administrative acts change.
	auditHeadKey = plugins.ReplicaPrefix + "h"
	// auditPrefix begins the keys of the entries, which are many and are not
	// replicated. Each is named by its number, so that no listing is needed.
	auditPrefix = "audit/"
)

// AuditHash is the SHA-256 of an entry as it is stored.
type AuditHash [sha256.Size]byte

// AuditEntry is the record of one administrative act. Time is Unix
// milliseconds by the store's clock.
type AuditEntry struct {
	Seq uint64 `cbor:"1,keyasint"`
	// Prev is the hash of the entry before.
	Prev AuditHash `cbor:"2,keyasint"`
	At   int64     `cbor:"3,keyasint"`
	// Actor is who did it, Role by which right, Method how it was
	// authenticated, Surface and Address where it came in and from where.
	Actor   string `cbor:"4,keyasint"`
	Role    string `cbor:"5,keyasint,omitempty"`
	Method  string `cbor:"6,keyasint,omitempty"`
	Surface string `cbor:"7,keyasint,omitempty"`
	Address string `cbor:"8,keyasint,omitempty"`
	// Node is the gateway that did it.
	Node      string `cbor:"9,keyasint,omitempty"`
	Operation string `cbor:"10,keyasint"`
	Target    string `cbor:"11,keyasint,omitempty"`
	// Programmer and Channel are whose thing it is.
	Programmer string `cbor:"12,keyasint,omitempty"`
	Channel    string `cbor:"13,keyasint,omitempty"`
	Outcome    string `cbor:"14,keyasint"`
	// Before and After are the views of the thing, as JSON.
	Before []byte `cbor:"15,keyasint,omitempty"`
	After  []byte `cbor:"16,keyasint,omitempty"`
	// Set is the change set that it was a part of.
	Set string `cbor:"17,keyasint,omitempty"`
}

// AuditHead is the end of the chain: the number and the hash of the newest
// entry, and the newest entries themselves, which are not known to lie under
// their own keys yet.
type AuditHead struct {
	Seq     uint64    `cbor:"1,keyasint"`
	Hash    AuditHash `cbor:"2,keyasint"`
	Pending [][]byte  `cbor:"3,keyasint,omitempty"`
}

// EncodeAuditEntry makes an entry's stored form and its hash.
func EncodeAuditEntry(e AuditEntry) ([]byte, AuditHash, error) {
	raw, err := encode(kindAuditEntry, e)
	return raw, HashOfAudit(raw), err
}

// HashOfAudit is the hash of an entry that is stored as these bytes.
func HashOfAudit(raw []byte) AuditHash { return sha256.Sum256(raw) }

// DecodeAuditEntry reads an entry.
func DecodeAuditEntry(raw []byte) (AuditEntry, error) {
	var e AuditEntry
	return e, decode(kindAuditEntry, raw, &e)
}

// AuditHeadWrite moves the end of the chain on, if it is still where old says.
func AuditHeadWrite(old Held[AuditHead], next AuditHead) (plugins.Write, error) {
	value, err := encode(kindAuditHead, next)
	if old.Raw == nil {
		return plugins.Write{Key: auditHeadKey, Value: value, If: plugins.IfAbsent}, err
	}
	return old.Instead(value, auditHeadKey), err
}

// AuditHead is the end of the chain as this gateway knows it. An error means
// that it cannot be read; no record is the empty chain.
func (r *Replica) AuditHead() (Held[AuditHead], error) {
	v := r.view.Load()
	if v == nil {
		return Held[AuditHead]{}, fmt.Errorf("the state was not loaded yet: %w", plugins.ErrUnavailable)
	}
	raw := v.auditHead.Load()
	if raw == nil || *raw == nil {
		return Held[AuditHead]{}, nil
	}
	return readAuditHead(*raw)
}

// AuditHead reads the end of the chain from the store.
func (r Records) AuditHead(ctx context.Context) (Held[AuditHead], error) {
	raw, err := getOne(ctx, r.Store, auditHeadKey)
	if errors.Is(err, ErrNotFound) {
		return Held[AuditHead]{}, nil
	}
	if err != nil {
		return Held[AuditHead]{}, err
	}
	return readAuditHead(raw)
}

func readAuditHead(raw []byte) (Held[AuditHead], error) {
	held := Held[AuditHead]{Raw: raw}
	if err := decode(kindAuditHead, raw, &held.Record); err != nil {
		return Held[AuditHead]{}, fmt.Errorf("the end of the audit chain: %w", err)
	}
	if uint64(len(held.Record.Pending)) > held.Record.Seq {
		return Held[AuditHead]{}, fmt.Errorf("the end of the audit chain has more entries than it counts: %w", plugins.ErrUnavailable)
	}
	return held, nil
}

func auditKey(seq uint64) string { return auditPrefix + strconv.FormatUint(seq, 10) }

// auditAside is where an entry stands whose place another one has taken.
func auditAside(seq uint64, hash AuditHash) string {
	return auditKey(seq) + "/" + fmt.Sprintf("%x", hash[:8])
}

// KeepAuditEntry stores an entry under its own key. It never takes the place
// of another: a store that lost the end of its chain, and not the entries,
// makes two of one number. Then the later one stands aside, under its hash.
func (r Records) KeepAuditEntry(ctx context.Context, seq uint64, raw []byte) error {
	w := plugins.Write{Key: auditKey(seq), Value: raw, If: plugins.IfAbsent}
	err := r.Store.Put(ctx, w)
	if !errors.Is(err, plugins.ErrConflict) {
		return err
	}
	there, err := getOne(ctx, r.Store, w.Key)
	if err != nil {
		return fmt.Errorf("audit entry %d: %w", seq, err)
	}
	if HashOfAudit(there) == HashOfAudit(raw) {
		return nil
	}
	w.Key = auditAside(seq, HashOfAudit(raw))
	if err := r.Store.Put(ctx, w); !errors.Is(err, plugins.ErrConflict) {
		return err
	}
	return nil
}

// AuditEntries reads the entries of these numbers, in one round trip; nil is
// one that is not there.
func (r Records) AuditEntries(ctx context.Context, seqs ...uint64) ([][]byte, error) {
	keys := make([]string, len(seqs))
	for i, seq := range seqs {
		keys[i] = auditKey(seq)
	}
	items, err := r.Store.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading audit entries: %w", err)
	}
	raws := make([][]byte, len(items))
	for i, item := range items {
		if item.Key != keys[i] {
			return nil, fmt.Errorf("the store answered for other keys than asked: %w", plugins.ErrUnavailable)
		}
		raws[i] = item.Value
	}
	return raws, nil
}

// AuditEntryAside reads the entry of this number and hash that stands aside.
// It returns [ErrNotFound] when there is none.
func (r Records) AuditEntryAside(ctx context.Context, seq uint64, hash AuditHash) ([]byte, error) {
	return getOne(ctx, r.Store, auditAside(seq, hash))
}
