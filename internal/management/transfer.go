package management

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// maxRestore bounds what is put back by one call.
const maxRestore = 1000

// ExportOrder asks for an export to begin.
type ExportOrder struct {
	// Recipients are age recipients (age1…) for whom the gateway's own keys are
	// encrypted. Without any the export has no keys.
	Recipients []string `json:"recipients,omitempty"`
}

// Export is what an export begins with.
type Export struct {
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

// ExportRecords gives records of a class as they are stored.
func (s *Service) ExportRecords(ctx context.Context, who access.Actor, class state.Class, part Part) (ExportedRecords, error) {
	if err := begin(who, access.ExportStore); err != nil {
		return ExportedRecords{}, err
	}
	if !slices.Contains(state.Kept, class) {
		return ExportedRecords{}, invalid("class", fmt.Sprintf("got %q, want one of %v", class, state.Kept), "")
	}
	if part.Limit <= 0 || part.Limit > maxRestore {
		part.Limit = maxRestore
	}
	records, cursor, err := s.Records.Raws(ctx, class, part.Cursor, part.Limit)
	if err != nil {
		return ExportedRecords{}, unavailable("reading the records", err)
	}
	return ExportedRecords{Records: records, Cursor: cursor}, nil
}

// ImportOrder asks for an import to begin.
type ImportOrder struct {
	// From says where it comes from, for the record.
	From string `json:"from,omitempty"`
	// SecretKeys are those of the export; empty where no clients come.
	SecretKeys map[uint32]string `json:"secret_keys,omitempty"`
	// Keys are the export's keys, decrypted: they take the place of this
	// gateway's, which must not have anything yet that depends on its own.
	Keys json.RawMessage `json:"keys,omitempty"`
}

// BeginImport checks whether what an export holds would be of use here, takes
// its keys over if they came along, and puts all that on record.
func (s *Service) BeginImport(ctx context.Context, call Call, order ImportOrder) error {
	if err := begin(call.Actor, access.ImportStore); err != nil {
		return err
	}
	if err := checkText("from", order.From); err != nil {
		return err
	}
	var keys []state.SigningKey
	if len(order.Keys) > 0 {
		if err := json.Unmarshal(order.Keys, &keys); err != nil || len(keys) == 0 {
			return invalid("keys", "want the keys of an export", "")
		}
		if err := s.checkKeys(keys, order.SecretKeys); err != nil {
			return err
		}
	}
	if !s.hold(keys, order.SecretKeys) {
		if len(keys) > 0 {
			return s.takeKeys(ctx, call, order, keys)
		}
		return &Error{
			Code: Invalid, Field: "secret_keys", Message: "the clients of the export have secrets that were hashed with keys which this gateway does not have",
			Hint: "export --with-keys and import with the identity, or --skip client",
		}
	}
	return s.noteImport(ctx, call, order, nil)
}

// checkKeys refuses keys with which the gateway would be worse off than with its
// own.
func (s *Service) checkKeys(keys []state.SigningKey, secrets map[uint32]string) error {
	if err := keyring.CheckRevealed(keys); err != nil {
		return invalid("keys", err.Error(), "import them as an export has them; nothing was changed")
	}
	for _, own := range s.Replica.Keys() {
		if !slices.ContainsFunc(keys, func(k state.SigningKey) bool { return k.Use == own.Use }) {
			return invalid("keys", fmt.Sprintf("got none for %ss, want one for each use: this gateway's own would be gone", own.Use), "")
		}
	}
	for generation, id := range secrets {
		if !slices.ContainsFunc(keys, func(k state.SigningKey) bool {
			return k.Use == state.KeyForSecrets && k.Generation == generation && k.ID == id
		}) {
			return invalid("secret_keys", fmt.Sprintf("generation %d is %s, which is not among the keys", generation, id), "")
		}
	}
	return nil
}

// hold says whether this gateway has the keys already.
func (s *Service) hold(keys []state.SigningKey, secrets map[uint32]string) bool {
	own := map[string]bool{}
	for _, k := range s.Replica.Keys() {
		own[fmt.Sprint(k.Use, k.Generation, k.ID)] = true
	}
	for _, k := range keys {
		if !own[fmt.Sprint(k.Use, k.Generation, k.ID)] {
			return false
		}
	}
	for generation, id := range secrets {
		if !own[fmt.Sprint(state.KeyForSecrets, generation, id)] {
			return false
		}
	}
	return true
}

// takeKeys puts the keys of an export in the place of the gateway's own.
func (s *Service) takeKeys(ctx context.Context, call Call, order ImportOrder, keys []state.SigningKey) error {
	for _, class := range []state.Class{state.ClassClient, state.ClassStatement} {
		for cursor := ""; ; {
			there, next, err := s.Records.Raws(ctx, class, cursor, 1)
			if err != nil {
				return unavailable("looking for what depends on the keys", err)
			}
			if len(there) > 0 {
				return &Error{
					Code: InUse, Field: "keys", Message: fmt.Sprintf("this gateway has a %s already, which depends on its own keys", class),
					Hint: "import keys into a gateway with an empty store",
				}
			}
			if cursor = next; cursor == "" {
				break
			}
		}
	}
	for i := range keys {
		keys[i] = s.Keys.Sealed(keys[i])
	}
	return s.noteImport(ctx, call, order, keys)
}

func (s *Service) noteImport(ctx context.Context, call Call, order ImportOrder, keys []state.SigningKey) error {
	return s.commit(ctx, call.Actor, "importing", func(_ context.Context, p *plan) error {
		role, err := p.allow(access.ImportStore, allOfIt, access.Resource{}, forbidden(access.ImportStore))
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			writes, err := state.ReplaceSigningKeys(s.Replica.Keys(), keys)
			if err != nil {
				return unavailable("writing the keys", err)
			}
			for _, w := range writes {
				p.add(w)
			}
		}
		p.note(access.ImportStore, role, allOfIt, access.Resource{}, nil, exported{WithKeys: len(keys) > 0, From: order.From})
		return nil
	})
}

// ImportedRecords says what became of the records of one call, in their order.
type ImportedRecords struct {
	Results []state.Restored `json:"results"`
}

// RestoreOrder asks for records to be put back.
type RestoreOrder struct {
	Records []state.Raw `json:"records"`
	// Overwrite puts them in the place of others that are there. The audit is
	// never overwritten.
	Overwrite bool `json:"overwrite,omitempty"`
}

// ImportRecords puts records back. What is there and differs stays, unless it is
// to be overwritten.
func (s *Service) ImportRecords(ctx context.Context, call Call, order RestoreOrder) (ImportedRecords, error) {
	if err := begin(call.Actor, access.ImportStore); err != nil {
		return ImportedRecords{}, err
	}
	if len(order.Records) > maxRestore {
		return ImportedRecords{}, invalid("records", fmt.Sprintf("got %d, want at most %d at once", len(order.Records), maxRestore), "")
	}
	for i, raw := range order.Records {
		if class, _ := state.ClassOf(raw.Key); !slices.Contains(state.Kept, class) {
			return ImportedRecords{}, invalid("records", fmt.Sprintf("records[%d]: %q is of no kind that is imported", i, raw.Key), "")
		}
	}
	results, err := s.Records.Restore(ctx, order.Records, order.Overwrite, s.Replica.Now())
	if errors.Is(err, state.ErrNotARecord) {
		return ImportedRecords{}, invalid("records", err.Error(), "was the file written by a later version of the gateway?")
	}
	if err != nil {
		return ImportedRecords{}, uncertain("importing", err)
	}
	return ImportedRecords{Results: results}, nil
}
