package boltstore

import (
	"context"
	"fmt"
	"os"
)

// Diagnose tells whether others on the machine can read the file, which holds
// signing keys.
func (s *Store) Diagnose(ctx context.Context) ([]string, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, failed("diagnose", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return []string{fmt.Sprintf("%s has mode %04o and can be read by others: run chmod 600 %s", s.path, mode, s.path)}, nil
	}
	return nil, nil
}
