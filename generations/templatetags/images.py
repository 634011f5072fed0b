from django import template

from generations import addresses

register = template.Library()
register.simple_tag(addresses.of_image, name="image_url")
