"""What similar people liked: tastes of a community as a Gaussian, and what one person's ratings say about the rest.

The principle of the interest profile (recommender/interests.py), with pathways in place of interests and the numbers
learned instead of known: a person's tastes are a vector with the mean of the person's group and a covariance between
pathways; every rating is a noisy reading of one of them. Mean and covariance come from the community by expectation
and maximisation, held towards a plain community where few have rated (Dempster, Laird & Rubin 1977; the prior of the
covariance is an inverse Wishart distribution).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 12  # of expectation and maximisation: few on purpose, the last ones only fit the noise of small communities
PLAIN_PEOPLE = 10.0  # people's worth of belief that the tastes for two pathways are unrelated
GROUP_PEOPLE = 5.0  # people's worth of belief that a group likes what everybody likes
RATING_PEOPLE = 3.0  # people's worth of belief that a pathway is liked as much as the average one


@dataclass(frozen=True)
class Community:
    """Tastes of a community.

    Attributes
    ----------
    means : ndarray of shape (n_groups, n_pathways), units of the ratings
    covariance : ndarray of shape (n_pathways, n_pathways), units of the ratings squared
    noise : float, > 0
        Error variance of one rating.
    """

    means: Floats
    covariance: Floats
    noise: float

    @classmethod
    def of(cls, ratings: Floats, groups: Ints, *, noise_share: float) -> Self:
        """Learn from ratings.

        Parameters
        ----------
        ratings : ndarray of shape (n_people, n_pathways)
            Any units; NaN = not rated.
        groups : int array (n_people,), >= 0
            Grade, status: what may shift tastes.
        noise_share : float, > 0
            Error variance of a rating as a share of the variance of all ratings.

        Returns
        -------
        Community
        """
        known, rated = np.nan_to_num(ratings), np.isfinite(ratings)
        spread = float(ratings[rated].var()) or 1.0
        overall = (known.sum(axis=0) + RATING_PEOPLE * ratings[rated].mean()) / (rated.sum(axis=0) + RATING_PEOPLE)
        count = ratings.shape[1]
        member = (groups == np.arange(groups.max() + 1)[:, None]).astype(float)
        found = cls(np.tile(overall, (len(member), 1)), np.eye(count) * spread / 2, noise_share * spread)
        for _ in range(ROUNDS):
            tastes, uncertainty = found._posterior(ratings, groups, with_covariance=True)
            means = member @ tastes + GROUP_PEOPLE * tastes.mean(axis=0)
            means /= member.sum(axis=1, keepdims=True) + GROUP_PEOPLE
            apart = tastes - means[groups]
            scatter = apart.T @ apart + uncertainty
            plain = np.eye(count) * np.trace(scatter) / count / len(ratings)
            covariance = (scatter + PLAIN_PEOPLE * plain) / (len(ratings) + PLAIN_PEOPLE)
            found = cls(means, covariance, found.noise)
        return found

    def tastes(self, ratings: Floats, groups: Ints) -> Floats:
        """Expected tastes of people from what they rated.

        Parameters
        ----------
        ratings : ndarray of shape (n_people, n_pathways)
            NaN = not rated; who rated nothing gets the mean of the group.
        groups : int array (n_people,), in [0, n_groups)

        Returns
        -------
        ndarray of shape (n_people, n_pathways), units of the ratings

        Examples
        --------
        Two pathways liked by the same people (covariance .9), a rating with error 1: half of what it says beyond
        the mean is believed of the rated one, .45 of the other.

        >>> community = Community(np.zeros((1, 2)), np.array([[1.0, 0.9], [0.9, 1.0]]), 1.0)
        >>> community.tastes(np.array([[2.0, np.nan]]), np.array([0])).round(2).tolist()
        [[1.0, 0.9]]
        """
        return self._posterior(ratings, groups, with_covariance=False)[0]

    def _posterior(self, ratings: Floats, groups: Ints, *, with_covariance: bool) -> tuple[Floats, Floats]:
        """Expected tastes, and on demand the sum of their posterior covariances."""
        precision = np.isfinite(ratings) / self.noise
        surprise = np.nan_to_num(ratings) - self.means[groups]
        # person by person, so that a row does not depend on its neighbours
        system = np.eye(len(self.covariance)) + self.covariance * precision[:, None, :]
        shift = self.covariance @ (precision * surprise)[:, :, None]
        if not with_covariance:
            return self.means[groups] + np.linalg.solve(system, shift)[:, :, 0], np.empty((0, 0))
        prior = np.broadcast_to(self.covariance, system.shape)
        solved = np.linalg.solve(system, np.concatenate([shift, prior], axis=2))
        return self.means[groups] + solved[:, :, 0], solved[:, :, 1:].sum(axis=0)
