package access

import "context"

// checkFactor asks for the second factor where there is one, and says whether it was shown.
func (s *Service) checkFactor(_ context.Context, op string, user *userRow, code string) (bool, error) {
	if user.TOTPSealed == "" {
		return false, nil
	}
	if code == "" {
		return false, ErrCodeNeeded.New(op, "")
	}
	return false, ErrBadCredentials.New(op, "")
}
