package management

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ImportOrder asks for an import to begin.
type ImportOrder struct {
	// From says where it comes from, for the record.
	From string `json:"from,omitempty"`
	// SecretKeys are those of the export; empty where no clients come.
	SecretKeys map[uint32]string `json:"secret_keys,omitempty"`
	// Keys are the export's keys, decrypted: they take the place of this
	// gateway's, which must not have anything yet that depends on its own.
	Keys json.RawMessage `json:"keys,omitempty"`
	// Overwrite says that records are to be put in the place of others.
	Overwrite bool `json:"overwrite,omitempty"`
	// Check asks whether it could begin, and writes nothing.
	Check bool `json:"check,omitempty"`
}

// Import is an import that has begun.
type Import struct {
	// Number is that of the entry of the audit which says so: its records are
	// sent with it. It is 0 where it was asked alone whether it could begin.
	Number uint64 `json:"import,omitempty"`
}

// BeginImport checks whether what an export holds would be of use here, takes
// its keys over if they came along, and puts all that on record.
func (s *Service) BeginImport(ctx context.Context, call Call, order ImportOrder) (Import, error) {
	keys, err := s.readImport(ctx, call, order)
	if err != nil || order.Check {
		return Import{}, err
	}
	number, err := s.noteImport(ctx, call, order, keys)
	return Import{number}, err
}

// readImport refuses what is of no use here, and answers the keys that are to
// take the place of this gateway's own.
func (s *Service) readImport(ctx context.Context, call Call, order ImportOrder) ([]state.SigningKey, error) {
	if err := begin(call.Actor, access.ImportStore); err != nil {
		return nil, err
	}
	if err := checkText("from", order.From); err != nil {
		return nil, err
	}
	var keys []state.SigningKey
	if len(order.Keys) > 0 {
		if err := json.Unmarshal(order.Keys, &keys); err != nil || len(keys) == 0 {
			return nil, invalid("keys", "want the keys of an export", "")
		}
		if err := s.checkKeys(keys, order.SecretKeys); err != nil {
			return nil, err
		}
	}
	switch {
	case s.hold(keys, order.SecretKeys):
		return nil, nil
	case len(keys) == 0:
		return nil, &Error{
			Code: Invalid, Field: "secret_keys", Message: "the clients of the export have secrets that were hashed with keys which this gateway does not have",
			Hint: "export --with-keys and import with the identity, or --skip client",
		}
	}
	if err := s.checkNothingDepends(ctx); err != nil {
		return nil, err
	}
	for i := range keys {
		keys[i] = s.Keys.Sealed(keys[i])
	}
	return keys, nil
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

// checkNothingDepends refuses to take the gateway's own keys away where something
// needs them.
func (s *Service) checkNothingDepends(ctx context.Context) error {
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
	return nil
}

// noteImport puts it on record, and the keys in the place of the gateway's own.
func (s *Service) noteImport(ctx context.Context, call Call, order ImportOrder, keys []state.SigningKey) (number uint64, err error) {
	err = s.commit(ctx, call.Actor, "importing", func(_ context.Context, p *plan) error {
		p.first = &number
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
		p.note(access.ImportStore, role, allOfIt, access.Resource{}, nil, exported{WithKeys: len(keys) > 0, From: order.From, Overwrites: order.Overwrite})
		return nil
	})
	return number, err
}

// ImportedRecords says what became of the records of one call, in their order.
type ImportedRecords struct {
	Results []state.Restored `json:"results"`
}

// RestoreOrder asks for records to be put back.
type RestoreOrder struct {
	// Import is the number of the import that they belong to. The records of an
	// audit come before it, so that its entry goes on where they end; they are
	// put back where there is no audit yet, and nowhere else.
	Import  uint64      `json:"import,omitempty"`
	Records []state.Raw `json:"records"`
	// Overwrite puts them in the place of others that are there. The audit is
	// never overwritten.
	Overwrite bool `json:"overwrite,omitempty"`
	// Check asks whether this gateway can read them, and writes nothing.
	Check bool `json:"check,omitempty"`
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
	ofAudit := true
	for i, raw := range order.Records {
		class, _ := state.ClassOf(raw.Key)
		if !slices.Contains(state.Kept, class) {
			return ImportedRecords{}, invalid("records", fmt.Sprintf("records[%d]: %q is of no kind that is imported", i, raw.Key), "")
		}
		ofAudit = ofAudit && (class == state.ClassAuditEntry || class == state.ClassAuditHead)
		if err := state.CheckRaw(raw); err != nil {
			return ImportedRecords{}, invalid("records", fmt.Sprintf("records[%d]: %s", i, err), "was the file written by a later version of the gateway?")
		}
	}
	if order.Check {
		return ImportedRecords{Results: []state.Restored{}}, nil
	}
	if !ofAudit {
		of, err := s.begun(ctx, access.ImportStore, "import", order.Import)
		if err != nil {
			return ImportedRecords{}, err
		}
		if order.Overwrite && !of.Overwrites {
			return ImportedRecords{}, invalid("overwrite", fmt.Sprintf("import %d was not begun to overwrite", order.Import), "begin another")
		}
	}
	results, err := s.Records.Restore(ctx, order.Records, order.Overwrite, s.Replica.Now())
	if err != nil {
		return ImportedRecords{}, uncertain("importing", err)
	}
	return ImportedRecords{Results: results}, nil
}
