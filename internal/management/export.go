package management

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const (
	// maxRestore bounds what is given, or put back, by one call.
	maxRestore = 1000
	// transferFor is how long after its beginning an export or an import may go
	// on.
	transferFor = 24 * time.Hour
)

// ExportOrder asks for an export to begin.
type ExportOrder struct {
	// Recipients are age recipients (age1…) for whom the gateway's own keys are
	// encrypted. Without any the export has no keys.
	Recipients []string `json:"recipients,omitempty"`
}

// Export is what an export begins with.
type Export struct {
	// Number is that of the entry of the audit which says that it began: its
	// records are asked for with it.
	Number uint64    `json:"export"`
	At     time.Time `json:"at"`
	Issuer string    `json:"issuer"`
	// Classes are what records there are to ask for, in the order in which to
	// ask.
	Classes []state.Class `json:"classes"`
	// SecretKeys names, by generation, the keys that hash client secrets.
	SecretKeys map[uint32]string `json:"secret_keys"`
	// Keys are the gateway's own, encrypted with age.
	Keys []byte `json:"keys,omitempty"`
}

// ExportedRecords are a part of the records of a class; the cursor is empty when
// it was the last.
type ExportedRecords struct {
	Records []state.Raw `json:"records"`
	Cursor  string      `json:"cursor,omitempty"`
}

var allOfIt = audit.Target{Kind: "store", ID: "all"}

// exported is what is on record of an export or an import.
type exported struct {
	WithKeys bool   `json:"with_keys"`
	From     string `json:"from,omitempty"`
	// Overwrites says that the import may put its records in the place of others.
	Overwrites bool `json:"overwrites,omitempty"`
}

// BeginExport puts on record that somebody takes everything along, and answers
// what there is to take. The keys leave the gateway encrypted alone.
func (s *Service) BeginExport(ctx context.Context, call Call, order ExportOrder) (Export, error) {
	if err := begin(call.Actor, access.ExportStore); err != nil {
		return Export{}, err
	}
	e := Export{At: s.Replica.Now().UTC(), Issuer: s.Issuer, Classes: state.Kept, SecretKeys: s.secretKeys()}
	if len(order.Recipients) > 0 {
		var err error
		if e.Keys, err = s.encryptedKeys(order.Recipients); err != nil {
			return Export{}, err
		}
	}
	err := s.commit(ctx, call.Actor, "exporting", func(_ context.Context, p *plan) error {
		p.first = &e.Number
		role, err := p.allow(access.ExportStore, allOfIt, access.Resource{}, forbidden(access.ExportStore))
		if err == nil {
			p.note(access.ExportStore, role, allOfIt, access.Resource{}, nil, exported{WithKeys: e.Keys != nil})
		}
		return err
	})
	if err != nil {
		return Export{}, err
	}
	return e, nil
}

func (s *Service) secretKeys() map[uint32]string {
	names := map[uint32]string{}
	for _, k := range s.Replica.Keys() {
		if k.Use == state.KeyForSecrets {
			names[k.Generation] = k.ID
		}
	}
	return names
}

// encryptedKeys encrypts the gateway's keys for the recipients.
func (s *Service) encryptedKeys(names []string) ([]byte, error) {
	recipients := make([]age.Recipient, len(names))
	for i, name := range names {
		recipient, err := age.ParseX25519Recipient(name)
		if err != nil {
			return nil, invalid("recipients", fmt.Sprintf("recipients[%d]: want an age recipient", i), "such as age1…, which age-keygen makes")
		}
		recipients[i] = recipient
	}
	keys, err := s.Keys.Revealed()
	if err != nil {
		return nil, unavailable("reading the keys", err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipients...)
	if err == nil {
		_, err = w.Write(jsonOf(keys))
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return nil, unavailable("encrypting the keys", err)
	}
	return sealed.Bytes(), nil
}

// ExportRecords gives records of a class as they are stored, to an export that is
// on record.
func (s *Service) ExportRecords(ctx context.Context, who access.Actor, export uint64, class state.Class, part Part) (ExportedRecords, error) {
	if err := begin(who, access.ExportStore); err != nil {
		return ExportedRecords{}, err
	}
	if !slices.Contains(state.Kept, class) {
		return ExportedRecords{}, invalid("class", fmt.Sprintf("got %q, want one of %v", class, state.Kept), "")
	}
	if _, err := s.begun(ctx, access.ExportStore, "export", export); err != nil {
		return ExportedRecords{}, err
	}
	if part.Limit <= 0 || part.Limit > maxRestore {
		part.Limit = maxRestore
	}
	return s.exportPart(ctx, class, part)
}

// exportPart lists a part of a class. A place in the list of one store, or of one
// run of its server, says nothing in that of another: whoever goes on from there
// might miss some, and begins anew.
func (s *Service) exportPart(ctx context.Context, class state.Class, part Part) (ExportedRecords, error) {
	tried := "reading the records"
	store, err := s.listedStore(ctx)
	if err != nil {
		return ExportedRecords{}, unavailable(tried, err)
	}
	moved := &Error{
		Code: Changed, Field: "cursor", Message: "the gateway works with another store than when this part of the export began, or its server was started again, so that records could be missed",
		Hint: "begin the export again",
	}
	from, cursor, _ := strings.Cut(part.Cursor, ".")
	if part.Cursor != "" && from != store {
		return ExportedRecords{}, moved
	}
	records, next, err := s.Records.Raws(ctx, class, cursor, part.Limit)
	if err != nil {
		return ExportedRecords{}, unavailable(tried, err)
	}
	after, err := s.listedStore(ctx)
	if err != nil {
		return ExportedRecords{}, unavailable(tried, err)
	}
	if after != store {
		return ExportedRecords{}, moved
	}
	if next != "" {
		next = store + "." + next
	}
	return ExportedRecords{Records: records, Cursor: next}, nil
}

// listedStore names the store that is worked with now.
func (s *Service) listedStore(ctx context.Context) (string, error) {
	at, _, err := s.Records.Store.Tail(ctx)
	sum := sha256.Sum256([]byte(at.Feed))
	return hex.EncodeToString(sum[:8]), err
}

// begun makes sure that what is asked for belongs to an export or an import that
// is on record, and answers what is there of it.
func (s *Service) begun(ctx context.Context, op access.Operation, field string, number uint64) (exported, error) {
	entry, err := s.Audit.Entry(ctx, number)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return exported{}, unavailable("looking for the "+field, err)
	}
	var of exported
	switch {
	case err != nil, entry.Operation != string(op), entry.Outcome != string(audit.Done), json.Unmarshal(entry.After, &of) != nil:
		return exported{}, invalid(field, fmt.Sprintf("got %d, want the number that the beginning of the %s answered", number, field), "every "+field+" is on record before its first part")
	case entry.At.Before(s.Replica.Now().Add(-transferFor)):
		return exported{}, invalid(field, fmt.Sprintf("%s %d began more than a day ago", field, number), "begin another")
	}
	return of, nil
}
