package erp

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
)

// certificateKey is the name of the key that signs certificates of deletion, where the host names no other.
const certificateKey = "certificate"

// wireEnding makes the room of endings: reminders go by the mailer, certificates are signed with a key that lies among the files under the master key.
func (s *Suite) wireEnding(opt Options) (err error) {
	owner := opt.OwnerAddress
	if owner == nil {
		owner = func(ctx context.Context, tenant uuid.UUID) (string, error) {
			if s.Access == nil {
				return "", nil
			}
			return s.Access.OwnerAddress(ctx, tenant)
		}
	}
	in := opt.Ending
	in.Privacy = s.Privacy
	if in.Notify == nil {
		in.Notify = ending.ByMail(s.Tenancy, s.Ports.Mailer, owner)
	}
	if in.Escalate == nil {
		in.Escalate = s.tellOfUntold
	}
	if in.Jurisdictions == nil {
		in.Jurisdictions = s.jurisdictions
	}
	if in.Duties == nil {
		in.Duties = s.duties
	}
	if in.Rule == nil {
		in.Rule = s.kept
	}
	if in.Backups == nil && opt.Backups.Files != nil {
		in.Backups = registered{s}
	}
	if in.Signer == nil {
		in.Signer = func(ctx context.Context) (crypto.Signer, error) {
			return local.SigningKey(ctx, s.Ports.Files, s.Ports.Keys, certificateKey)
		}
	}
	if in.Logger == nil {
		in.Logger = s.Ports.Logger
	}
	in.Keeps = append([]certificate.Kept{{Name: "erp.subject_requests", About: "Requests about personal data that came from the tenant or went to it, by its id, in the platform's own register.",
		Why: "the platform answers for what it did about them (GDPR Art. 5(2), 12)", Purpose: string(tenancy.ComplyWithLaw), Basis: string(tenancy.LegalDuty)}, {Name: "anchors", About: "The last signed digests of its audit trail, with the witness (Ports.Anchor).",
		Why: "the trail's end was vouched for outside the database; a digest says nothing of what it is of", Purpose: string(tenancy.EnsureSecurity), Basis: string(tenancy.LegitimateNeed)}}, in.Keeps...)
	s.Ending, err = ending.New(s.Tenancy, in)
	return err
}

// jurisdictions are where the scope's tenant has said that it is.
func (s *Suite) jurisdictions(ctx context.Context) ([]string, error) {
	stated, err := s.jurisdiction(ctx)
	if err != nil || stated == "" {
		return nil, err
	}
	return []string{stated}, nil
}

// registered is the register of backups, asked by the platform.
type registered struct{ s *Suite }

// LastExpiry implements ending.Backups.
func (r registered) LastExpiry(ctx context.Context, tenant uuid.UUID) (time.Time, int, error) {
	platform, err := r.s.Tenancy.EnterPlatform(ctx, "system:ending.certify", tenancy.Permissions{tenancy.PermReadBackups})
	if err != nil {
		return time.Time{}, 0, err
	}
	return r.s.Privacy.LastBackupExpiry(platform, tenant)
}

// tellOfUntold sends a message about a notice that a tenant's owner did not get.
func (s *Suite) tellOfUntold(ctx context.Context, u ending.Untold) {
	if s.operator == "" {
		return
	}
	sum := sha256.Sum256([]byte(u.ID.String() + " " + u.Outcome))
	err := s.Ports.Mailer.Send(ctx, tenancy.Message{ID: "untold-" + hex.EncodeToString(sum[:16]), To: s.operator, Subject: "The owner of a tenant that ends was not told",
		Text: u.String() + "\n\nEnding.Untold, in the platform's own tenant, lists all of them. The data are deleted when their time is over, told or not.\n"})
	if err != nil {
		s.Ports.Logger.ErrorContext(ctx, "erp: the operator could not be told", "tenant", u.TenantID.String(), "error", err)
	}
}
